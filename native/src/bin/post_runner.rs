//! Makes proofs of spacetime without Node and prints timings as JSON: the yardstick for the addon.
//!
//! Usage: post_runner < JOB.json; FIL_PROOFS_PARAMETER_CACHE names the folder of the proving parameters.
//! The job: {winning, sectorSize (2048), miner, randomness (hex), rounds, sectors: [{number, commR (hex), cache, sealed}]}.
//! Every round makes the vanilla proofs of all sectors and then the SNARK, as a window PoSt or a winning PoSt does.

use std::error::Error;
use std::time::Instant;

use filecoin_proofs_api::post;
use filecoin_proofs_api::{PrivateReplicaInfo, RegisteredPoStProof, SectorId};
use rayon::prelude::*;
use serde_json::Value;

type Any<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn hex32(value: &Value) -> Any<[u8; 32]> {
    let text = value.as_str().ok_or("hex text expected")?;
    let mut out = [0u8; 32];
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2).ok_or("32 bytes of hex expected")?, 16)?;
    }
    Ok(out)
}

fn text(value: &Value) -> Any<&str> {
    value.as_str().ok_or_else(|| "text expected".into())
}

fn main() -> Any<()> {
    let job: Value = serde_json::from_reader(std::io::stdin())?;
    let wins = job["winning"].as_bool().ok_or("winning: true or false")?;
    let kind = match (job["sectorSize"].as_u64(), wins) {
        (Some(2048), true) => RegisteredPoStProof::StackedDrgWinning2KiBV1,
        (Some(2048), false) => RegisteredPoStProof::StackedDrgWindow2KiBV1_2,
        _ => return Err("sectorSize: 2048".into()),
    };
    let mut randomness = hex32(&job["randomness"])?;
    randomness[31] &= 0x3f;
    // The bytes of an ID address of less than 128 are the number itself; longer ones are a varint.
    let mut prover = [0u8; 32];
    let mut miner = job["miner"].as_u64().ok_or("miner: a number")?;
    for byte in prover.iter_mut() {
        *byte = (miner & 0x7f) as u8 | if miner > 0x7f { 0x80 } else { 0 };
        miner >>= 7;
        if miner == 0 {
            break;
        }
    }
    let sectors = job["sectors"]
        .as_array()
        .ok_or("sectors: a list")?
        .iter()
        .map(|sector| {
            let id = SectorId::from(sector["number"].as_u64().ok_or("number: a number")?);
            let (cache, sealed) = (text(&sector["cache"])?, text(&sector["sealed"])?);
            Ok((id, PrivateReplicaInfo::new(kind, hex32(&sector["commR"])?, cache.into(), sealed.into())))
        })
        .collect::<Any<Vec<_>>>()?;
    let ids: Vec<SectorId> = sectors.iter().map(|(id, _)| *id).collect();
    let mut seconds = Vec::new();
    for _ in 0..job["rounds"].as_u64().ok_or("rounds: a number")? {
        let start = Instant::now();
        let challenges = post::generate_fallback_sector_challenges(kind, &randomness, &ids, prover)?;
        let vanilla = sectors
            .par_iter()
            .map(|(id, replica)| post::generate_single_vanilla_proof(kind, *id, replica, &challenges[id]))
            .collect::<Result<Vec<_>, _>>()?;
        if wins {
            post::generate_winning_post_with_vanilla(kind, &randomness, prover, &vanilla)?;
        } else {
            post::generate_window_post_with_vanilla(kind, &randomness, prover, &vanilla)?;
        }
        seconds.push(start.elapsed().as_secs_f64());
    }
    println!("{}", serde_json::json!({ "seconds": seconds }));
    Ok(())
}
