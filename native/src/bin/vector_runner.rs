//! Runs FVM message vectors without Node and prints timings as JSON: the yardstick for the addon.
//!
//! Usage: vector_runner BUNDLE.car VECTORS_FOLDER ROUNDS
//! BUNDLE.car is an unpacked CARv1 with the actors' code; bench/vectors.ts prepares it.
//! Every round runs every vector on a machine of its own, on one thread, and checks receipts and roots.

use std::collections::HashMap;
use std::error::Error;
use std::rc::Rc;
use std::time::Instant;

use cid::Cid;
use nelumbo_native::fvm::host::{Answer, Ask, Host};
use nelumbo_native::fvm::lane::{Config, Machine};
use nelumbo_native::ipld::car;

type Any<T> = Result<T, Box<dyn Error + Send + Sync>>;

const STACK: usize = 64 << 20;
const FALLBACK: [u8; 32] = *b"i_am_random_____i_am_random_____";

struct Vector {
    name: String,
    config: Config,
    message: Vec<u8>,
    on_chain: usize,
    exit_code: u32,
    gas_used: u64,
    returned: Vec<u8>,
    post_root: Cid,
    world: Rc<World>,
}

struct World {
    blocks: HashMap<Cid, Vec<u8>>,
    actors: Rc<HashMap<Cid, Vec<u8>>>,
    randomness: HashMap<(bool, i64), [u8; 32]>,
}

struct VectorHost(Rc<World>);

impl Host for VectorHost {
    fn ask(&self, question: Ask) -> Answer {
        let draw = |chain, epoch| Answer::Digest(self.0.randomness.get(&(chain, epoch)).copied().unwrap_or(FALLBACK));
        match question {
            Ask::Block(cid) => match self.0.blocks.get(&cid).or_else(|| self.0.actors.get(&cid)) {
                Some(data) => Answer::Block(data.clone()),
                None => Answer::Nothing,
            },
            Ask::ChainRandomness(epoch) => draw(true, epoch),
            Ask::BeaconRandomness(epoch) => draw(false, epoch),
            Ask::TipsetCid(_) => Answer::Nothing,
            Ask::ConsensusFault(..) => Answer::ConsensusFault(None, 0),
        }
    }
}

/// Blocks of a CARv1 file.
fn car_blocks(data: &[u8]) -> Any<HashMap<Cid, Vec<u8>>> {
    let (mut header, mut start) = (0usize, 0usize);
    for (i, byte) in data.iter().take(9).enumerate() {
        header |= usize::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            start = i + 1;
            break;
        }
    }
    let body = data.get(start + header..).ok_or("the CAR file ends in its header")?;
    let scan = car::scan(body, false, 32 << 20, 0.0)?;
    let mut blocks = HashMap::new();
    for entry in scan.entries.chunks(4) {
        let part = |from: u32, length: u32| &body[from as usize..(from + length) as usize];
        blocks.insert(Cid::try_from(part(entry[0], entry[1]))?, part(entry[2], entry[3]).to_vec());
    }
    Ok(blocks)
}

fn base64(text: &str) -> Any<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes().filter(|b| *b != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err("bad base64".into()),
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Ok(out)
}

fn load(path: &std::path::Path, actors: &Rc<HashMap<Cid, Vec<u8>>>) -> Any<Vector> {
    let source = std::fs::read_to_string(path)?;
    let raw: serde_json::Value = serde_json::from_str(&source)?;
    let text = |value: &serde_json::Value| value.as_str().map(str::to_string).ok_or("a field is no text");
    // The supply is above 2^64, where the parser would turn to doubles: its digits are read from the text.
    let number = |name: &str| -> Any<u128> {
        let (_, rest) = source.split_once(&format!("\"{name}\"")).ok_or("a number is missing")?;
        let digits = rest.trim_start_matches([':', ' ']);
        Ok(digits[..digits.find(|c: char| !c.is_ascii_digit()).ok_or("a number is missing")?].parse()?)
    };
    let mut unzipped = Vec::new();
    std::io::Read::read_to_end(
        &mut flate2::read::GzDecoder::new(base64(&text(&raw["car"])?)?.as_slice()),
        &mut unzipped,
    )?;
    let pre = &raw["preconditions"];
    let variant = &pre["variants"][0];
    let epoch = variant["epoch"].as_i64().ok_or("no epoch")?;
    let message = base64(&text(&raw["apply_messages"][0]["bytes"])?)?;
    let sender: fvm4_shared::message::Message = fvm_ipld_encoding::from_slice(&message)?;
    let secp = sender.from.protocol() == fvm4_shared::address::Protocol::Secp256k1;
    let receipt = &raw["postconditions"]["receipts"][0];
    let mut randomness = HashMap::new();
    for draw in raw["randomness"].as_array().unwrap_or(&Vec::new()) {
        let digest = base64(&text(&draw["ret"])?)?;
        let key = (draw["on"][0] == "chain", draw["on"][1].as_i64().ok_or("no round")?);
        randomness.insert(key, digest.as_slice().try_into()?);
    }
    Ok(Vector {
        name: path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
        config: Config {
            network_version: variant["nv"].as_u64().ok_or("no network version")? as u32,
            chain_id: 0,
            epoch,
            timestamp: epoch as u64 * 30,
            state_root: text(&pre["state_tree"]["root_cid"]["/"])?.parse()?,
            base_fee: number("basefee")?,
            circulating_supply: number("circ_supply")?,
            tracing: false,
            flush_all_blocks: false,
            actor_debugging: false,
            assume_proofs_valid: true,
        },
        // 65 bytes of signature and 4 of CBOR around them.
        on_chain: message.len() + if secp { 69 } else { 0 },
        message,
        exit_code: receipt["exit_code"].as_u64().ok_or("no exit code")? as u32,
        gas_used: receipt["gas_used"].as_u64().ok_or("no gas used")?,
        returned: base64(&text(&receipt["return"])?)?,
        post_root: text(&raw["postconditions"]["state_tree"]["root_cid"]["/"])?.parse()?,
        world: Rc::new(World { blocks: car_blocks(&unzipped)?, actors: actors.clone(), randomness }),
    })
}

fn run(vector: &Vector) -> Any<()> {
    let mut machine = Machine::create(&vector.config, Box::new(VectorHost(vector.world.clone())))?;
    let out = machine.execute(&vector.message, false, vector.on_chain)?;
    if (out.exit_code, out.gas_used, &out.return_data) != (vector.exit_code, vector.gas_used, &vector.returned) {
        return Err(format!("{} exits with {} after {} gas", vector.name, out.exit_code, out.gas_used).into());
    }
    let root = machine.flush()?.root;
    if root != vector.post_root {
        return Err(format!("{} ends in {root}", vector.name).into());
    }
    Ok(())
}

fn main() -> Any<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [bundle, folder, rounds] = arguments.as_slice() else {
        return Err("usage: vector_runner BUNDLE.car VECTORS_FOLDER ROUNDS".into());
    };
    let (bundle, folder, rounds) = (bundle.clone(), folder.clone(), rounds.parse::<usize>()?);
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || -> Any<()> {
        let actors = Rc::new(car_blocks(&std::fs::read(bundle)?)?);
        let mut paths: Vec<_> = std::fs::read_dir(folder)?
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
            .collect();
        paths.sort();
        let vectors: Vec<Vector> = paths.iter().map(|path| load(path, &actors)).collect::<Any<_>>()?;
        let mut seconds = Vec::new();
        // The first round also compiles the actors and is not counted.
        for round in 0..=rounds {
            let start = Instant::now();
            vectors.iter().try_for_each(run)?;
            if round > 0 {
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
        println!("{}", serde_json::json!({ "vectors": vectors.len(), "seconds": seconds }));
        Ok(())
    })?;
    worker.join().map_err(|_| "the runner panicked")?
}
