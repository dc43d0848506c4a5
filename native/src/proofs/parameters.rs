//! Proving parameters of one's own making, for networks that are not meant to be safe: whoever knows the seed can
//! forge proofs. The same seed gives the same files on every machine.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use bellperson::groth16::{generate_random_parameters, Parameters};
use bellperson::Circuit;
use blstrs::{Bls12, Scalar};
use filecoin_proofs::parameters::{public_params, window_post_public_params, winning_post_public_params};
use filecoin_proofs::{with_shape, DefaultPieceHasher, MerkleTreeTrait};
use filecoin_proofs_api as api;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use rand_chacha::rand_core::SeedableRng;
use rand_chacha::ChaCha20Rng;
use storage_proofs_core::compound_proof::CompoundProof;
use storage_proofs_core::parameter_cache::{metadata_id, parameter_id, verifying_key_id, CacheableParameters};
use storage_proofs_porep::stacked::{StackedCompound, StackedDrg};
use storage_proofs_post::fallback::{FallbackPoSt, FallbackPoStCircuit, FallbackPoStCompound};
use storage_proofs_update::constants::TreeRHasher;
use storage_proofs_update::{EmptySectorUpdate, EmptySectorUpdateCircuit, EmptySectorUpdateCompound, PublicParams};

use super::lanes::{submit, NativeCancel, SEAL};
use crate::error::{exact, fail, guard, Code, Fail, Outcome, Result};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Winning,
    Window,
    Seal,
    Update,
}

fn broken(error: impl std::fmt::Display) -> Fail {
    fail(Code::Proof, format!("the proof parameters cannot be made: {error:#}"))
}

fn kind_of(circuit: &str) -> Outcome<Kind> {
    match circuit {
        "winning" => Ok(Kind::Winning),
        "window" => Ok(Kind::Window),
        "seal" => Ok(Kind::Seal),
        "update" => Ok(Kind::Update),
        _ => Err(fail(Code::Argument, format!("there is no circuit {circuit}: winning, window, seal and update are known"))),
    }
}

/// What the sector size alone decides.
struct Types {
    size: u64,
    winning: api::RegisteredPoStProof,
    window: api::RegisteredPoStProof,
    seal: api::RegisteredSealProof,
}

fn types_of(sector_size: f64) -> Outcome<Types> {
    use api::{RegisteredPoStProof as Post, RegisteredSealProof as Seal};
    let size = sector_size as u64;
    let (winning, window, seal) = match size {
        _ if size as f64 != sector_size => return Err(fail(Code::Argument, format!("{sector_size} is no sector size"))),
        2048 => (Post::StackedDrgWinning2KiBV1, Post::StackedDrgWindow2KiBV1_2, Seal::StackedDrg2KiBV1_1),
        0x80_0000 => (Post::StackedDrgWinning8MiBV1, Post::StackedDrgWindow8MiBV1_2, Seal::StackedDrg8MiBV1_1),
        0x2000_0000 => (Post::StackedDrgWinning512MiBV1, Post::StackedDrgWindow512MiBV1_2, Seal::StackedDrg512MiBV1_1),
        0x8_0000_0000 => (Post::StackedDrgWinning32GiBV1, Post::StackedDrgWindow32GiBV1_2, Seal::StackedDrg32GiBV1_1),
        0x10_0000_0000 => (Post::StackedDrgWinning64GiBV1, Post::StackedDrgWindow64GiBV1_2, Seal::StackedDrg64GiBV1_1),
        _ => return Err(fail(Code::Argument, format!("there are no sectors of {sector_size} bytes"))),
    };
    Ok(Types { size, winning, window, seal })
}

/// The circuit's name in the cache, and its parameters when there is a seed.
type Made = (String, Option<Parameters<Bls12>>);

fn generate<C: Circuit<Scalar> + Send>(id: String, circuit: C, seed: Option<[u8; 32]>) -> anyhow::Result<Made> {
    let Some(seed) = seed else { return Ok((id, None)) };
    // Each circuit has randomness of its own out of the one seed.
    let own = blake2b_simd::Params::new().hash_length(32).key(&seed).hash(id.as_bytes());
    let mut rng = ChaCha20Rng::from_seed(own.as_bytes().try_into()?);
    let parameters = generate_random_parameters::<Bls12, _, _>(circuit, &mut rng)?;
    Ok((id, Some(parameters)))
}

fn make_post<Tree: 'static + MerkleTreeTrait>(types: &Types, kind: Kind, seed: Option<[u8; 32]>) -> anyhow::Result<Made> {
    type Compound<Tree> = FallbackPoStCompound<Tree>;
    let params = match kind {
        Kind::Winning => winning_post_public_params::<Tree>(&types.winning.as_v1_config())?,
        _ => window_post_public_params::<Tree>(&types.window.as_v1_config())?,
    };
    let id = <Compound<Tree> as CacheableParameters<FallbackPoStCircuit<Tree>, _>>::cache_identifier(&params);
    let circuit = <Compound<Tree> as CompoundProof<FallbackPoSt<'_, Tree>, FallbackPoStCircuit<Tree>>>::blank_circuit(&params);
    generate(id, circuit, seed)
}

fn make_seal<Tree: 'static + MerkleTreeTrait>(types: &Types, seed: Option<[u8; 32]>) -> anyhow::Result<Made> {
    type Compound<Tree> = StackedCompound<Tree, DefaultPieceHasher>;
    let params = public_params::<Tree>(&types.seal.as_v1_config())?;
    let circuit = <Compound<Tree> as CompoundProof<StackedDrg<'_, Tree, DefaultPieceHasher>, _>>::blank_circuit(&params);
    generate(identifier_of::<Compound<Tree>, _, _>(&circuit, &params), circuit, seed)
}

fn make_update<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(
    types: &Types,
    seed: Option<[u8; 32]>,
) -> anyhow::Result<Made> {
    type Compound<Tree> = EmptySectorUpdateCompound<Tree>;
    let params = PublicParams::from_sector_size(types.size);
    let circuit =
        <Compound<Tree> as CompoundProof<EmptySectorUpdate<Tree>, EmptySectorUpdateCircuit<Tree>>>::blank_circuit(&params);
    generate(identifier_of::<Compound<Tree>, _, _>(&circuit, &params), circuit, seed)
}

/// The circuit is given only to fix its type.
fn identifier_of<X, C, P>(_circuit: &C, params: &P) -> String
where
    X: CacheableParameters<C, P>,
    C: Circuit<Scalar>,
    P: storage_proofs_core::parameter_cache::ParameterSetMetadata,
{
    X::cache_identifier(params)
}

fn make(types: &Types, kind: Kind, seed: Option<[u8; 32]>) -> Outcome<Made> {
    let made = match kind {
        Kind::Winning | Kind::Window => with_shape!(types.size, make_post, types, kind, seed),
        Kind::Seal => with_shape!(types.size, make_seal, types, seed),
        Kind::Update => with_shape!(types.size, make_update, types, seed),
    };
    made.map_err(broken)
}

/// File names of a circuit's parameters, as every Filecoin node has them in its parameter cache.
#[napi(object, object_from_js = false)]
pub struct NativeParameterNames {
    pub params: String,
    pub vk: String,
    pub meta: String,
}

fn names_of(id: &str) -> NativeParameterNames {
    NativeParameterNames { params: parameter_id(id), vk: verifying_key_id(id), meta: metadata_id(id) }
}

/// `circuit`: winning, window, seal or update.
#[napi]
pub fn proof_parameter_names(circuit: String, sector_size: f64) -> Result<NativeParameterNames> {
    guard(|| Ok(names_of(&make(&types_of(sector_size)?, kind_of(&circuit)?, None)?.0)))
}

/// Writes beside the place and renames, so that a file of that name is always whole.
fn write_whole(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) -> Outcome<()> {
    let part = PathBuf::from(format!("{}.{}.new", path.display(), std::process::id()));
    let done = (|| {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&part)?);
        write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        drop(file);
        std::fs::rename(&part, path)
    })();
    done.map_err(|error| {
        let _ = std::fs::remove_file(&part);
        fail(Code::Proof, format!("{} cannot be written: {error}", path.display()))
    })
}

/// Makes the parameters of a circuit out of a seed of 32 bytes and writes them into `folder` (the .params file last).
/// It cannot be stopped once it runs.
#[napi(ts_return_type = "Promise<NativeParameterNames>")]
pub fn generate_proof_parameters<'env>(
    env: &'env Env,
    circuit: String,
    sector_size: f64,
    seed: Uint8Array,
    folder: String,
    cancel: Option<&NativeCancel>,
) -> Result<Object<'env>> {
    let seed = exact::<32>(&seed, "the seed of the parameters", Code::Argument);
    submit(
        env,
        &SEAL,
        cancel,
        move || {
            let types = types_of(sector_size)?;
            let (id, parameters) = make(&types, kind_of(&circuit)?, Some(seed?))?;
            let parameters = parameters.ok_or_else(|| broken("there is no seed"))?;
            let names = names_of(&id);
            let folder = Path::new(&folder);
            write_whole(&folder.join(&names.meta), |file| write!(file, "{{\"sector_size\":{}}}", types.size))?;
            write_whole(&folder.join(&names.vk), |file| parameters.vk.write(file))?;
            write_whole(&folder.join(&names.params), |file| parameters.write(file))?;
            Ok(names)
        },
        |names| names,
    )
}

const DIGEST_BUFFER: usize = 1 << 20;

/// The blake2b-512 digest of a whole file.
#[napi(ts_return_type = "Promise<Uint8Array>")]
pub fn file_digest<'env>(env: &'env Env, path: String, cancel: Option<&NativeCancel>) -> Result<Object<'env>> {
    submit(
        env,
        &SEAL,
        cancel,
        move || {
            let unreadable = |error| fail(Code::Proof, format!("{path} cannot be read: {error}"));
            let mut file = File::open(&path).map_err(unreadable)?;
            let mut state = blake2b_simd::State::new();
            let mut buffer = vec![0u8; DIGEST_BUFFER];
            loop {
                match file.read(&mut buffer) {
                    Ok(0) => return Ok(state.finalize().as_bytes().to_vec()),
                    Ok(count) => state.update(&buffer[..count]),
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(unreadable(error)),
                };
            }
        },
        Uint8Array::from,
    )
}
