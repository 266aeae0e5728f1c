//! What the code promises about its own shape: who may depend on whom, how long files and functions grow, that the
//! documents name what exists and the proofs of the portal's promises are there, that the API can do what the portal can,
//! that a version serves on while the next one migrates, that faults are seeded which the tests notice, that attacks are
//! tried, that what is left out of most runs is in the long ones, and under which licences the dependencies come.

mod attacks;
mod defects;
mod doc_paths;
mod ignored;
mod layering;
mod licences;
mod migrations;
mod parity;
mod proofs;
mod sizes;
mod source;
