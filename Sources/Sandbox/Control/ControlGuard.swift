import Wire

/// Keeps other web sites away from the control API. It listens on loopback in a developer's browser, where any page can
/// send requests to it: by a name that was rebound to 127.0.0.1 (then `Host` is that name), or across origins (then
/// `Origin` is that page's, and a body sent without asking first is no `application/json`).
struct ControlGuard: Sendable {
    /// Beyond the loopback names: the host this sandbox was told to listen on.
    let hosts: [String]

    /// A form of the console. Only the console's own page may post it: a form needs no permission to cross origins, and
    /// another program of this machine, on another port, is another site too.
    func checkForm(_ request: Request) throws(ControlError) {
        try checkHost(request)
        let site = request.fields["Sec-Fetch-Site"]
        guard request.fields.values(.origin).allSatisfy({ $0 == request.origin }), site == nil || site == "same-origin"
        else {
            throw ControlError(
                status: .forbidden, code: "foreign_origin", message: "the console's buttons are pressed on its own page"
            )
        }
    }

    func check(_ request: Request) throws(ControlError) {
        try checkHost(request)
        for origin in request.fields.values(.origin) {
            guard let page = PageURL(origin), isOurs(page.host) else {
                throw ControlError(
                    status: .forbidden, code: "foreign_origin", message: "control calls from other sites are refused")
            }
        }
        if request.method == .post {
            let type = request.fields[.contentType]?.prefix { $0 != ";" }.lowercased()
            guard type?.filter({ $0 != " " }) == "application/json" else {
                throw ControlError(
                    status: .unsupportedMediaType, code: "not_json", message: "send Content-Type: application/json")
            }
        }
    }

    private func checkHost(_ request: Request) throws(ControlError) {
        guard let host = request.authority?.host, isOurs(host) else {
            throw ControlError(
                status: .misdirected, code: "foreign_host",
                message: "control calls are answered on loopback names and on the host this sandbox listens on")
        }
    }

    private func isOurs(_ host: String) -> Bool {
        PageURL("http://\(host)/")?.isLoopback == true || hosts.contains { $0.lowercased() == host.lowercased() }
    }
}
