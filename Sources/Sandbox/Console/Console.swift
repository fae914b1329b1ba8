import Wire

/// The sandbox's front page, for a person: what the platform knows, what it was asked, and buttons to break it.
///
/// Every button is a call of the control API in a form's clothes, `do` being its name and its JSON: what a person can do, a
/// test can do. It works without JavaScript; the script only keeps the page fresh.
struct Console: Sendable {
    let platform: Platform
    let control: ControlAPI

    static let path = "/_sandbox/console"
    /// Where on the page a button stands, so that its answer brings the reader back there.
    static let places = ["now", "faults", "accounts", "people", "settings"]

    func show(_ request: Request) -> Response {
        do throws(ControlError) {
            // It shows what the control API shows, so that it is as careful whom it shows it.
            try control.door.check(request)
        } catch {
            return error.response
        }
        return ConsolePage(state: platform.with { $0 }, origin: request.origin, say: Language(request)).page.response()
    }

    func press(_ request: Request) -> Response {
        let form = parseForm(request.body)
        let field = { (name: String) -> String in (try? form.first(name)) ?? "" }
        do throws(ControlError) {
            try control.door.checkForm(request)
            let parts = field("do").split(separator: " ", maxSplits: 1).map(String.init)
            guard parts.count == 2, let call = control.call(named: "/_sandbox/\(parts[0])"),
                case .object(var members)? = JSONValue(parsing: Array(parts[1].utf8))
            else { throw .badInput("this button does nothing that the control API knows") }
            if parts[0] == "faults", let count = Int(field("count")) { members["count"] = .number(Double(count)) }
            var wanted = request
            wanted.body = JSONValue.object(members).bytes
            _ = try control.run(call, on: wanted)
        } catch {
            return error.response
        }
        let place = Self.places.first { $0 == field("at") }
        return Response(.seeOther, [(.location, place.map { "/#\($0)" } ?? "/"), (.cacheControl, "no-store")])
    }
}

/// One button of the console: a control call and the words on it.
struct ConsoleButton {
    let call: String
    let input: JSONValue
    let label: HTML
    var style = ""

    /// Inside a form.
    var html: HTML {
        let json = String(decoding: input.bytes, as: UTF8.self)
        return "<button name=\"do\" value=\"\(call) \(json)\" class=\"\(style)\">\(label)</button>"
    }

    /// With a form of its own.
    func form(at place: String) -> HTML {
        "<form method=\"post\" action=\"\(Console.path)\"><input type=\"hidden\" name=\"at\" value=\"\(place)\">\(html)</form>"
    }
}
