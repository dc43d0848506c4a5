//! Winning proofs of spacetime.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use bellperson::groth16::{prepare_verifying_key, PreparedVerifyingKey};
use blstrs::Bls12;
use filecoin_proofs::parameters::{winning_post_public_params, winning_post_setup_params};
use filecoin_proofs::{as_safe_commitment, with_shape, PoStConfig};
use filecoin_hashers::Hasher;
use filecoin_proofs_api as api;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use rand_core::OsRng;
use rayon::prelude::*;
use storage_proofs_core::compound_proof::{CompoundProof, PublicParams, SetupParams};
use storage_proofs_core::merkle::MerkleTreeTrait;
use storage_proofs_core::multi_proof::MultiProof;
use storage_proofs_post::fallback::{
    ChallengeRequirements, FallbackPoSt, FallbackPoStCircuit, FallbackPoStCompound, PublicInputs, PublicSector,
};

use crate::error::{fail, Code, Fail, Job, Outcome};
use crate::proofs::post::{post_of, verify_alone, NativePoStInfo, Post};

/// Proofs in one call.
const MAX_PROOFS: usize = 4096;

type Key = Arc<PreparedVerifyingKey<Bls12>>;

/// Verifying keys by the size of their sectors, as they are read from the parameters.
static KEYS: Mutex<Option<HashMap<u64, Key>>> = Mutex::new(None);

fn verifying_key<Tree: 'static + MerkleTreeTrait>(config: &PoStConfig) -> anyhow::Result<Key> {
    let mut keys = KEYS.lock().map_err(|_| anyhow::anyhow!("the table of verifying keys is broken"))?;
    let keys = keys.get_or_insert_with(HashMap::new);
    let size = u64::from(config.sector_size);
    if let Some(key) = keys.get(&size) {
        return Ok(key.clone());
    }
    let params = winning_post_public_params::<Tree>(config)?;
    let key = <FallbackPoStCompound<Tree> as CompoundProof<FallbackPoSt<'_, Tree>, FallbackPoStCircuit<Tree>>>::verifying_key::<
        OsRng,
    >(None, &params)?;
    let key = Arc::new(prepare_verifying_key(&key));
    keys.insert(size, key.clone());
    Ok(key)
}

/// What the equation of one proof is made of.
type Inputs<Tree> = PublicInputs<<<Tree as MerkleTreeTrait>::Hasher as Hasher>::Domain>;

/// An error says that the proof cannot be checked; why, the check alone says.
fn read<'a, Tree: 'static + MerkleTreeTrait>(
    config: &PoStConfig,
    key: &'a PreparedVerifyingKey<Bls12>,
    repeats: usize,
    post: &Post,
) -> anyhow::Result<(Inputs<Tree>, MultiProof<'a>)> {
    anyhow::ensure!(post.sealed.len() == config.sector_count, "a winning PoSt is over {} sectors", config.sector_count);
    let once = post
        .sealed
        .iter()
        .map(|(id, comm_r)| Ok(PublicSector { id: *id, comm_r: as_safe_commitment(comm_r, "comm_r")? }))
        .collect::<anyhow::Result<Vec<_>>>()?;
    // As often as the circuit has room for.
    let sectors = std::iter::repeat_n(once, repeats).flatten().collect();
    let inputs = PublicInputs {
        randomness: as_safe_commitment(&post.randomness, "randomness")?,
        prover_id: as_safe_commitment(&post.prover, "prover_id")?,
        sectors,
        k: None,
    };
    let [(_, proof)] = post.proofs.as_slice() else { anyhow::bail!("a winning PoSt is one proof") };
    Ok((inputs, MultiProof::new_from_bytes(None, proof, key)?))
}

/// Which of the proofs, all over sectors of one size, are known to hold.
fn holding<Tree: 'static + MerkleTreeTrait>(config: &PoStConfig, posts: &[&Post]) -> anyhow::Result<Vec<bool>> {
    let key = verifying_key::<Tree>(config)?;
    let vanilla_params = winning_post_setup_params(config)?;
    let repeats = vanilla_params.sector_count;
    let setup = SetupParams { vanilla_params, partitions: None, priority: false };
    let params: PublicParams<'_, FallbackPoSt<'_, Tree>> = FallbackPoStCompound::setup(&setup)?;
    let read: Vec<Option<_>> = posts.par_iter().map(|post| read::<Tree>(config, &key, repeats, post).ok()).collect();
    let readable: Vec<bool> = read.iter().map(Option::is_some).collect();
    let (inputs, proofs): (Vec<_>, Vec<_>) = read.into_iter().flatten().unzip();
    let requirements = ChallengeRequirements { minimum_challenge_count: config.challenge_count * config.sector_count };
    let good = !proofs.is_empty() && FallbackPoStCompound::<Tree>::batch_verify(&params, &inputs, &proofs, &requirements)?;
    Ok(readable.into_iter().map(|readable| readable && good).collect())
}

fn holding_of_kind(kind: api::RegisteredPoStProof, posts: &[&Post]) -> anyhow::Result<Vec<bool>> {
    with_shape!(u64::from(kind.sector_size()), holding, &kind.as_v1_config(), posts)
}

fn verify_all(posts: &[Outcome<Post>]) -> Vec<Outcome<bool>> {
    let mut by_kind: BTreeMap<u64, (api::RegisteredPoStProof, Vec<usize>)> = BTreeMap::new();
    for (i, post) in posts.iter().enumerate() {
        let Ok(post) = post else { continue };
        let kind = post.proofs[0].0;
        if kind.typ() == api::PoStType::Winning {
            by_kind.entry(kind.sector_size().into()).or_insert_with(|| (kind, Vec::new())).1.push(i);
        }
    }
    let mut good = vec![false; posts.len()];
    for (kind, members) in by_kind.into_values() {
        let together: Vec<&Post> = members.iter().filter_map(|i| posts[*i].as_ref().ok()).collect();
        // Where they cannot be checked together each is checked alone, which tells why.
        let holding = holding_of_kind(kind, &together).unwrap_or_default();
        for (i, holds) in members.into_iter().zip(holding) {
            good[i] = holds;
        }
    }
    posts
        .par_iter()
        .zip(good)
        .map(|(post, good)| match post {
            _ if good => Ok(true),
            Ok(post) => verify_alone(post),
            Err(failure) => Err(failure.clone()),
        })
        .collect()
}

/// The answer for each proof of a batch.
#[napi(object, object_from_js = false)]
pub struct NativePostAnswers {
    /// 1: right, 0: wrong, 2: it cannot be checked.
    pub answers: Uint8Array,
    /// Why not, for each that cannot be checked, in order.
    pub failures: Vec<String>,
}

/// Checks winning PoSts together. Each answer is what the check alone gives.
#[napi(ts_return_type = "Promise<NativePostAnswers>")]
pub fn verify_winning_posts(infos: Vec<NativePoStInfo>) -> AsyncTask<Job<Vec<Outcome<bool>>, NativePostAnswers>> {
    let posts: Vec<Outcome<Post>> = infos.iter().map(post_of).collect();
    Job::task(
        move || {
            if posts.len() > MAX_PROOFS {
                return Err(fail(Code::Proof, format!("more than {MAX_PROOFS} proofs in one call")));
            }
            let answers = verify_all(&posts);
            // What is no fault of a proof is the call's.
            match answers.iter().find_map(|a| a.as_ref().err().filter(|f| f.code != Code::Proof)) {
                Some(failure) => Err(failure.clone()),
                None => Ok(answers),
            }
        },
        |outcomes| {
            let code = |outcome: &Outcome<bool>| match outcome {
                Ok(ok) => u8::from(*ok),
                Err(_) => 2,
            };
            NativePostAnswers {
                answers: outcomes.iter().map(code).collect::<Vec<_>>().into(),
                failures: outcomes.into_iter().filter_map(|o| o.err().map(|Fail { message, .. }| message)).collect(),
            }
        },
    )
}
