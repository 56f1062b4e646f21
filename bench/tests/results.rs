//! What README says of the results is what the committed run has.
#![cfg(target_os = "linux")]

use serde_json::Value;

const README: &str = include_str!("../../README.md");
const RESULTS: &str = include_str!("../results/linux.json");

#[test]
fn readme_tells_the_committed_results() {
    let results: Vec<Value> = serde_json::from_str(RESULTS).unwrap();
    let mut lines = 0;
    for line in README.lines().filter(|line| line.ends_with("x |")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [row, case, reference, ratio, cpu_ratio] = cells[..] else {
            panic!("five columns: {line}");
        };
        let result = results
            .iter()
            .find(|result| result["row"] == row && result["case"] == case)
            .unwrap_or_else(|| panic!("not in the results: {line}"));
        assert_eq!(result["reference"], reference, "{line}");
        let times = |field: &str| result[field].as_f64().unwrap();
        assert_eq!(format!("{:.1}x", times("ratio")), ratio, "{line}");
        assert_eq!(format!("{:.2}x", times("cpu_ratio")), cpu_ratio, "{line}");
        lines += 1;
    }
    assert!(lines > 0, "README has no table of results");
}
