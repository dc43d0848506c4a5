//! BLS signatures and drand rounds.

use std::collections::HashMap;

use blstrs::{G1Affine, G2Affine, G2Projective};
use group::prime::PrimeCurveAffine;
use group::Curve;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use rayon::prelude::*;

use super::pairings::{product_is_one, random_factors, sum_g1, sum_g2, Factor};
use crate::bls::drand::{self, Reading};
use crate::bls::{public_key, signature, verify_pairs, DST};
use crate::error::{fail, Code, Job, Outcome};

/// Checks in one call, and pairs in all of them together.
const MAX_CHECKS: usize = 4096;
const MAX_PAIRS: usize = 1 << 17;
/// Work for another thread is worth its hand-over from about this many points on.
const SHARE: usize = 8;

/// One signature, or an aggregate of several over distinct messages.
#[napi(object, object_to_js = false)]
pub struct NativeBlsCheck {
    pub keys: Vec<Uint8Array>,
    pub messages: Vec<Uint8Array>,
    pub signature: Uint8Array,
}

#[napi(object, object_to_js = false)]
pub struct NativeDrandCheck {
    pub scheme: String,
    pub key: Uint8Array,
    pub round: BigInt,
    pub previous: Uint8Array,
    pub signature: Uint8Array,
}

pub struct BlsCheck {
    pub keys: Vec<Vec<u8>>,
    pub messages: Vec<Vec<u8>>,
    pub signature: Vec<u8>,
}

pub struct DrandCheck {
    pub scheme: String,
    pub key: Vec<u8>,
    pub round: u64,
    pub previous: Vec<u8>,
    pub signature: Vec<u8>,
}

impl BlsCheck {
    fn alone(&self) -> Outcome<bool> {
        let keys: Vec<&[u8]> = self.keys.iter().map(|k| k.as_slice()).collect();
        let messages: Vec<&[u8]> = self.messages.iter().map(|m| m.as_slice()).collect();
        verify_pairs(&keys, &messages, &self.signature)
    }
}

impl DrandCheck {
    fn alone(&self) -> Outcome<bool> {
        drand::verify(&self.scheme, &self.key, self.round, &self.previous, &self.signature)
    }
}

/// What a check says of the points that it names.
enum Terms {
    /// Wrong whatever the points are, or better looked at alone.
    Alone,
    /// e(G, signature) = product of e(key, message)
    InG2 { pairs: Vec<(Vec<u8>, G1Affine, G2Affine)>, signature: G2Affine },
    /// e(signature, G) = e(message, key)
    InG1 { key: (Vec<u8>, G2Affine), message: G1Affine, signature: G1Affine },
}

fn hash(message: &[u8]) -> Option<G2Affine> {
    let point = G2Projective::hash_to_curve(message, DST, &[]).to_affine();
    (!bool::from(point.is_identity())).then_some(point)
}

/// Keys repeat: the blocks of a chain are made by few miners.
fn read_keys(checks: &[BlsCheck]) -> HashMap<&[u8], Option<G1Affine>> {
    let mut keys: HashMap<&[u8], Option<G1Affine>> = HashMap::new();
    for key in checks.iter().flat_map(|check| &check.keys) {
        keys.entry(key).or_insert_with(|| public_key(key).map(|k| k.as_affine()));
    }
    keys
}

fn bls_terms(check: &BlsCheck, keys: &HashMap<&[u8], Option<G1Affine>>) -> Terms {
    if check.keys.len() != check.messages.len() || check.keys.is_empty() {
        return Terms::Alone;
    }
    let mut distinct: Vec<&Vec<u8>> = check.messages.iter().collect();
    distinct.sort_unstable();
    if distinct.windows(2).any(|pair| pair[0] == pair[1]) {
        return Terms::Alone;
    }
    let Some(sum) = signature(&check.signature) else { return Terms::Alone };
    let sum = G2Affine::from(sum);
    if bool::from(sum.is_identity()) {
        return Terms::Alone;
    }
    let read = |(key, message): (&Vec<u8>, &Vec<u8>)| {
        let point = (*keys.get(key.as_slice())?)?;
        Some((key.clone(), point, hash(message)?))
    };
    let all = check.keys.par_iter().zip(&check.messages).with_min_len(SHARE);
    match all.map(read).collect::<Option<Vec<_>>>() {
        Some(pairs) => Terms::InG2 { pairs, signature: sum },
        None => Terms::Alone,
    }
}

fn drand_terms(check: &DrandCheck) -> Terms {
    match drand::read(&check.scheme, &check.key, check.round, &check.previous, &check.signature) {
        Ok(Some(Reading::InG2 { key, message, signature })) => {
            Terms::InG2 { pairs: vec![(check.key.clone(), key, message)], signature }
        }
        Ok(Some(Reading::InG1 { key, message, signature })) => {
            Terms::InG1 { key: (check.key.clone(), key), message, signature }
        }
        _ => Terms::Alone,
    }
}

/// Points that are multiplied with their factors and summed.
#[derive(Default)]
struct Sum<P> {
    points: Vec<P>,
    factors: Vec<Factor>,
}

impl<P> Sum<P> {
    fn add(&mut self, point: P, factor: Factor) {
        self.points.push(point);
        self.factors.push(factor);
    }
}

/// Whether all of these hold.
fn all_hold(terms: &[&Terms]) -> Outcome<bool> {
    let factors = random_factors(terms.len())?;
    let mut signatures_g2 = Sum::default();
    let mut signatures_g1 = Sum::default();
    // By key: messages under one key share a pairing.
    let mut by_g1_key: HashMap<&[u8], (G1Affine, Sum<G2Affine>)> = HashMap::new();
    let mut by_g2_key: HashMap<&[u8], (G2Affine, Sum<G1Affine>)> = HashMap::new();
    for (term, factor) in terms.iter().zip(factors) {
        match term {
            Terms::Alone => {}
            Terms::InG2 { pairs, signature } => {
                signatures_g2.add(*signature, factor);
                for (bytes, key, message) in pairs {
                    by_g1_key.entry(bytes).or_insert_with(|| (*key, Sum::default())).1.add(*message, factor);
                }
            }
            Terms::InG1 { key: (bytes, key), message, signature } => {
                signatures_g1.add(*signature, factor);
                by_g2_key.entry(bytes).or_insert_with(|| (*key, Sum::default())).1.add(*message, factor);
            }
        }
    }
    let mut pairs: Vec<(G1Affine, G2Affine)> = by_g1_key
        .into_par_iter()
        .map(|(_, (key, sum))| match sum.points[..] {
            // One message: its key is cheaper to multiply.
            [message] => (sum_g1(&[key], &sum.factors), message),
            _ => (key, sum_g2(&sum.points, &sum.factors)),
        })
        .collect();
    pairs.extend(by_g2_key.into_values().map(|(key, sum)| (sum_g1(&sum.points, &sum.factors), key)));
    pairs.push((-G1Affine::generator(), sum_g2(&signatures_g2.points, &signatures_g2.factors)));
    pairs.push((-sum_g1(&signatures_g1.points, &signatures_g1.factors), G2Affine::generator()));
    Ok(product_is_one(&pairs))
}

/// The answer of each check, those of drand last.
pub fn verify_all(bls: &[BlsCheck], rounds: &[DrandCheck]) -> Outcome<Vec<bool>> {
    if bls.len() + rounds.len() > MAX_CHECKS || bls.iter().map(|c| c.keys.len()).sum::<usize>() > MAX_PAIRS {
        return Err(fail(Code::Bls, format!("more than {MAX_CHECKS} signatures, or {MAX_PAIRS} keys, in one call")));
    }
    let keys = read_keys(bls);
    let mut terms: Vec<Terms> = bls.par_iter().with_min_len(SHARE).map(|check| bls_terms(check, &keys)).collect();
    terms.par_extend(rounds.par_iter().with_min_len(SHARE).map(drand_terms));
    let together: Vec<&Terms> = terms.iter().filter(|t| !matches!(t, Terms::Alone)).collect();
    let good = together.len() > 1 && all_hold(&together)?;
    (0..terms.len())
        .into_par_iter()
        .map(|i| match (&terms[i], bls.get(i)) {
            (Terms::InG1 { .. } | Terms::InG2 { .. }, _) if good => Ok(true),
            (_, Some(check)) => check.alone(),
            (_, None) => rounds[i - bls.len()].alone(),
        })
        .collect()
}

/// Checks signatures and drand rounds together: a byte for each, 1 where it is right, those of drand last. Each answer is what the
/// check alone gives.
#[napi(ts_return_type = "Promise<Uint8Array>")]
pub fn verify_signatures(
    bls: Vec<NativeBlsCheck>,
    rounds: Vec<NativeDrandCheck>,
) -> AsyncTask<Job<Vec<u8>, Uint8Array>> {
    // Copies: JavaScript may change or detach its arrays while the pool works.
    let bls: Vec<BlsCheck> = bls
        .iter()
        .map(|c| BlsCheck {
            keys: c.keys.iter().map(|k| k.to_vec()).collect(),
            messages: c.messages.iter().map(|m| m.to_vec()).collect(),
            signature: c.signature.to_vec(),
        })
        .collect();
    let rounds: Outcome<Vec<DrandCheck>> = rounds
        .iter()
        .map(|c| {
            Ok(DrandCheck {
                scheme: c.scheme.clone(),
                key: c.key.to_vec(),
                round: drand::round_of(&c.round)?,
                previous: c.previous.to_vec(),
                signature: c.signature.to_vec(),
            })
        })
        .collect();
    Job::task(
        move || Ok(verify_all(&bls, &rounds?)?.into_iter().map(u8::from).collect()),
        |answers: Vec<u8>| answers.into(),
    )
}
