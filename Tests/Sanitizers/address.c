// Linked into everything that `.ci/sanitize address` builds: the options of Address Sanitizer and of its leak detector.

// The programs that tests start get no environment, so the options are built in. A report goes to a file of its own,
// which outlives a process that is killed; what is suppressed below makes none.
const char *__asan_default_options(void) {
    return "log_path=" REPORTS ":external_symbolizer_path=" SYMBOLIZER
           ":exitcode=66:detect_leaks=1:print_suppressions=0";
}

// Foundation forgets its buffer when it reads a file whose size it does not learn beforehand. Only tests read files with
// `String(contentsOfFile:)` and `Data(contentsOf:)`.
const char *__lsan_default_suppressions(void) { return "leak:FoundationEssentials17readBytesFromFile\n"; }
