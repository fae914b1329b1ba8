/// What the shell is told, after sysexits(3).
enum ExitCode: Int32 {
    case success = 0
    /// The command line was wrong.
    case usage = 2
    /// Something Magpie needs is not to be had: an address to listen on, WeChat.
    case unavailable = 69
    /// A bug, or a disk that is full: nothing the command line or the configuration explains.
    case failure = 70
    /// The configuration was wrong.
    case configuration = 78
}
