extension Configuration {
    /// A complaint for each setting in which this one differs from `running`, and which a running process cannot change:
    /// its sockets and its store are open.
    func fixedSettings(changedSince running: Configuration) -> [Complaint] {
        let settings = [
            ("listen", listen == running.listen), ("adminListen", adminListen == running.adminListen),
            ("store", store == running.store),
            ("log.file", log.file == running.log.file), ("log.format", log.format == running.log.format),
            ("sandbox.listen", sandboxListen == running.sandboxListen),
        ]
        return settings.filter { !$0.1 }.map { path, _ in
            Complaint(path: path, problem: "needs a restart to change", expected: "the value Magpie runs with")
        }
    }
}
