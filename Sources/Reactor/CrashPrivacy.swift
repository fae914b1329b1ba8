import CLinux
import Glibc

/// A process that holds secrets leaves none behind when it crashes.
package enum CrashPrivacy {
    /// To be called first of all in `main`.
    package static func begin() {
        forbidDumps()
        if !wantsBareTrace { endTraces() }
    }

    /// No core file, whatever `ulimit -c` and the machine's core_pattern say, and no other process of the same user may
    /// read this one's memory or its environment, where the AppSecret may stand. Root may. See PR_SET_DUMPABLE(2const).
    private static func forbidDumps() {
        let code = forbid_dumps()
        precondition(code == 0, "prctl: \(IOError.last)")
    }

    /// Swift's own trace prints the registers and the memory that they point to, parts of secrets perhaps. It may stay if
    /// `SWIFT_BACKTRACE` says that it is wanted without them.
    private static var wantsBareTrace: Bool {
        // Nobody changes the environment while `main` begins, so the text stays where it is until it is copied.
        guard let setting = unsafe getenv("SWIFT_BACKTRACE") else { return false }
        return unsafe String(cString: setting).split(separator: ",").contains("registers=none")
    }

    /// The default action of the signals that Swift's runtime traces: the process ends by them.
    private static func endTraces() {
        for number in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { _ = signal(number, SIG_DFL) }
    }
}
