//! Sums of points and products of pairings, on the calling thread.

use blst::{
    blst_final_exp, blst_fp12, blst_fp12_is_one, blst_miller_loop_n, blst_p1_affine, blst_p1s_mult_pippenger,
    blst_p1s_mult_pippenger_scratch_sizeof, blst_p2_affine, blst_p2s_mult_pippenger,
    blst_p2s_mult_pippenger_scratch_sizeof,
};
use blstrs::{G1Affine, G1Projective, G2Affine, G2Projective};
use group::prime::PrimeCurveAffine;
use group::{Curve, Group};
use rand_core::{OsRng, RngCore};

use crate::error::{fail, Code, Outcome};

/// A random factor, little endian; never zero.
pub type Factor = [u8; 16];

const FACTOR_BITS: usize = 128;

/// Random factors from the operating system: nobody who makes signatures may foresee them.
pub fn random_factors(count: usize) -> Outcome<Vec<Factor>> {
    let mut bytes = vec![0u8; count * 16];
    OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| fail(Code::Bls, format!("the operating system gave no random bytes: {error}")))?;
    Ok(bytes
        .chunks_exact(16)
        .map(|chunk| {
            let mut factor = Factor::default();
            factor.copy_from_slice(chunk);
            if factor == [0u8; 16] {
                factor[0] = 1;
            }
            factor
        })
        .collect())
}

/// The sum of points times factors; none of the points is the identity.
pub fn sum_g1(points: &[G1Affine], factors: &[Factor]) -> G1Affine {
    assert_eq!(points.len(), factors.len());
    let mut out = G1Projective::identity();
    if points.is_empty() {
        return out.to_affine();
    }
    // A null after the first pointer says that the others lie behind it without gaps.
    let point_list: [*const blst_p1_affine; 2] = [points.as_ptr().cast(), std::ptr::null()];
    let factor_list: [*const u8; 2] = [factors.as_ptr().cast(), std::ptr::null()];
    // SAFETY: G1Affine and G1Projective are transparent wrappers of blst's points; the lists hold as many elements as is said, and
    // the scratch space has the size that blst asks for.
    unsafe {
        let mut scratch = vec![0u64; blst_p1s_mult_pippenger_scratch_sizeof(points.len()).div_ceil(8)];
        blst_p1s_mult_pippenger(
            out.as_mut(),
            point_list.as_ptr(),
            points.len(),
            factor_list.as_ptr(),
            FACTOR_BITS,
            scratch.as_mut_ptr(),
        );
    }
    out.to_affine()
}

/// [`sum_g1`] in the other group.
pub fn sum_g2(points: &[G2Affine], factors: &[Factor]) -> G2Affine {
    assert_eq!(points.len(), factors.len());
    let mut out = G2Projective::identity();
    if points.is_empty() {
        return out.to_affine();
    }
    let point_list: [*const blst_p2_affine; 2] = [points.as_ptr().cast(), std::ptr::null()];
    let factor_list: [*const u8; 2] = [factors.as_ptr().cast(), std::ptr::null()];
    // SAFETY: as in `sum_g1`.
    unsafe {
        let mut scratch = vec![0u64; blst_p2s_mult_pippenger_scratch_sizeof(points.len()).div_ceil(8)];
        blst_p2s_mult_pippenger(
            out.as_mut(),
            point_list.as_ptr(),
            points.len(),
            factor_list.as_ptr(),
            FACTOR_BITS,
            scratch.as_mut_ptr(),
        );
    }
    out.to_affine()
}

/// Whether the product of the pairings of these pairs is one. A pair with an identity counts as one.
pub fn product_is_one(pairs: &[(G1Affine, G2Affine)]) -> bool {
    let (left, right): (Vec<G1Affine>, Vec<G2Affine>) =
        pairs.iter().filter(|(a, b)| !bool::from(a.is_identity() | b.is_identity())).copied().unzip();
    if left.is_empty() {
        return true;
    }
    let left_list: [*const blst_p1_affine; 2] = [left.as_ptr().cast(), std::ptr::null()];
    let right_list: [*const blst_p2_affine; 2] = [right.as_ptr().cast(), std::ptr::null()];
    let mut product = blst_fp12::default();
    let mut raised = blst_fp12::default();
    // SAFETY: both lists hold `left.len()` points, none of them the identity.
    unsafe {
        blst_miller_loop_n(&mut product, right_list.as_ptr(), left_list.as_ptr(), left.len());
        blst_final_exp(&mut raised, &product);
        blst_fp12_is_one(&raised)
    }
}

#[cfg(test)]
mod tests {
    use blstrs::Scalar;

    use super::*;

    fn scalar(factor: &Factor) -> Scalar {
        let mut bytes = [0u8; 32];
        bytes[..16].copy_from_slice(factor);
        Option::from(Scalar::from_bytes_le(&bytes)).expect("below the order")
    }

    #[test]
    fn sums_are_those_of_the_plain_products() {
        for count in [1usize, 2, 3, 31, 32, 33, 100] {
            let factors = random_factors(count).expect("random bytes");
            let ones: Vec<G1Affine> = (0..count).map(|_| G1Projective::random(OsRng).to_affine()).collect();
            let twos: Vec<G2Affine> = (0..count).map(|_| G2Projective::random(OsRng).to_affine()).collect();
            let one = ones.iter().zip(&factors).map(|(p, f)| p * scalar(f)).sum::<G1Projective>().to_affine();
            let two = twos.iter().zip(&factors).map(|(p, f)| p * scalar(f)).sum::<G2Projective>().to_affine();
            assert_eq!(sum_g1(&ones, &factors), one, "{count} points");
            assert_eq!(sum_g2(&twos, &factors), two, "{count} points");
        }
        assert!(bool::from(sum_g1(&[], &[]).is_identity()));
        assert!(bool::from(sum_g2(&[], &[]).is_identity()));
    }

    #[test]
    fn products_of_pairings() {
        let (a, b) = (G1Projective::random(OsRng).to_affine(), G2Projective::random(OsRng).to_affine());
        assert!(product_is_one(&[]));
        assert!(product_is_one(&[(a, b), (-a, b)]));
        assert!(product_is_one(&[(G1Affine::identity(), b), (a, G2Affine::identity())]));
        assert!(!product_is_one(&[(a, b)]));
        assert!(!product_is_one(&[(a, b), (a, b)]));
    }
}
