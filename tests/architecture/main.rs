//! What the code promises about its own shape: who may depend on whom, how long files and functions grow, that the
//! documents name what exists, that the API can do what the portal can, that a version serves on while the next one migrates,
//! that faults are seeded which the tests notice, and under which licences the dependencies come.

mod defects;
mod doc_paths;
mod layering;
mod licences;
mod migrations;
mod parity;
mod sizes;
mod source;
