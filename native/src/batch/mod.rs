//! Many checks at the price of few: what a stretch of blocks must be checked for, in one equation.
//!
//! Every single check says that a product of pairings is one. The checks of a batch are raised to random powers of 128 bits, drawn
//! from the operating system, and multiplied: the product is one when all of them hold, and with a probability below 2^-120 else.
//! All points have been read by the same functions as for single checks, and so lie in the groups of prime order that this needs.
//! When the product is not one, each check is made alone: what a check answers never depends on its company.

pub mod pairings;
pub mod posts;
pub mod signatures;
