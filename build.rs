//! Migrations are built into the binary; a new file among them must rebuild it, which cargo does not see by itself.

fn main() {
    println!("cargo:rerun-if-changed=prisma-free-migrations");
}
