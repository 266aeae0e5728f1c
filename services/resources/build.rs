//! Migrations are embedded at compile time; the compiler does not notice by itself that one was edited or added.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
