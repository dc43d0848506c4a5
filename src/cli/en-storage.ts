/** English texts of the commands about sectors' folders and proof parameters. */
import type { CommandText } from './en.ts'

export const storageCommands: Readonly<Record<string, CommandText>> = {
  storage: { about: 'Manage the folders that hold sectors' },
  'storage attach': {
    about: 'Attach a folder for sectors',
    long: `The folder's sectorstore.json says what it is for; --init makes one. Attached folders are listed in the storage.json of the
miner's repository.

Weight: new files go to folders of higher weight first; a folder of weight 0 takes none.
Seal: files of sectors that are being sealed lie here.
Store: finished sectors lie here, and are proven from here.`,
    flags: {
      init: 'make the folder one for sectors first',
      weight: 'with --init: how much it is preferred',
      seal: 'with --init: for sectors that are being sealed',
      store: 'with --init: for finished sectors',
      'max-storage': 'with --init: space that files may take up, for example 10TiB (counting it takes long in large folders)',
      groups: 'with --init: group that the folder belongs to; may be given several times',
      'allow-to': 'with --init: group that files may be moved to; may be given several times (default: all)',
    },
  },
  'storage detach': {
    about: 'Detach a folder; its files stay, and its sectors cannot be proven',
    flags: { 'really-do-it': 'must be given' },
  },
  'storage redeclare': {
    about: 'Look again which sectors lie in a folder',
    flags: { id: 'the one with this id', all: 'all folders', 'drop-missing': 'forget files that are not there any more' },
  },
  'storage list': { about: 'List the folders, their space and what lies in them' },
  'storage find': { about: 'Tell where the files of a sector are' },
}

export const parameterCommands: Readonly<Record<string, CommandText>> = {
  'fetch-params': {
    about: 'Fetch proof parameters',
    long: `Fetches the verifying keys of all sector sizes and the proving parameters of the one given (32GiB, for instance; 0 for
none) into the folder that FIL_PROOFS_PARAMETER_CACHE names, else /var/tmp/filecoin-proof-parameters. What is there and has the
right digest stays. IPFS_GATEWAY names the gateway to ask instead of the known ones; TRUST_PARAMS=1 leaves files that are there
unread.`,
    flags: {
      list: 'JSON file that lists the parameters, in the form of parameters.json, instead of the published ones',
      check: 'only check what is there',
    },
  },
}

export const storageErrors = {
  noUse: () => 'a folder is for sealing, for storing or for both; give --seal or --store',
  notSure: () => 'the sectors of a detached folder cannot be proven; give --really-do-it if that is what you want',
  whichPath: () => 'give either a path, --id or --all',
  badSector: (text: string) => `"${text}" is not a sector number`,
  noId: (actor: string) => `${actor} is no ID address; give the miner as f01000 with --actor`,
  badSize: (name: string, text: string) => `${name} "${text}" is not a size; write 2KiB, 32GiB or a number of bytes`,
  noSectors: (text: string) => `there are no sectors of "${text}"; sizes are 2KiB, 8MiB, 512MiB, 32GiB and 64GiB`,
}

export const parameterWords = {
  waiting: 'another process fetches into this folder; waiting for it',
  checking: (name: string) => `checking ${name}`,
  fetching: (name: string, bytes: string, total: string | undefined, left: string | undefined) =>
    `fetching ${name}: ${bytes}${total === undefined ? '' : ` of ${total}`}${left === undefined ? '' : `, ${left} left`}`,
  done: (fetched: number, folder: string) =>
    fetched === 0 ? `all proof parameters are in ${folder}` : `fetched ${fetched} files into ${folder}`,
  checked: (count: number, folder: string) => `${count} files in ${folder} have the right digests`,
}
