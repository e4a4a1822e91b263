// Runs the seeds of a fuzz target as a test; each crate that has targets takes this file in.

/// Runs every seed of a target, and each of them cut short and with bytes changed, some of them to those of
/// `marks`, which mean something to the target.
#[track_caller]
fn seeds(target: &str, marks: &'static [u8], run: fn(&[u8])) {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "{} has too few seeds", dir.display());
    // As much stack as the main thread of a program has: that is what the shell counts on.
    let run = move |input: &[u8]| {
        if let Err(why) = std::panic::catch_unwind(|| run(input)) {
            std::println!("on the input \"{}\"", input.escape_ascii());
            std::panic::resume_unwind(why);
        }
    };
    let work = move || {
        for file in files {
            let seed = std::fs::read(&file).unwrap();
            std::println!("{}", file.display());
            run(&seed);
            for n in 0..seed.len().min(300) {
                run(&seed[..n]);
                let mut changed = seed.clone();
                changed[n] ^= 1 << (n % 8);
                run(&changed);
                changed[n] = marks[n % marks.len()];
                run(&changed);
            }
        }
    };
    std::thread::Builder::new().stack_size(10 << 20).spawn(work).unwrap().join().unwrap();
}
