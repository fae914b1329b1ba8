import Wire

/// The pages of `open.weixin.qq.com`: where a visitor allows or refuses, and is sent back.
struct AuthorizePages: Sendable {
    let platform: Platform

    private static let cookie = "sandbox_visitor"

    func open(_ request: Request, flavour: AuthorizeLink.Flavour) -> Response {
        respond(to: request, flavour: flavour) { (state) throws(PageError) in
            let link = try AuthorizeLink(request.query, flavour: flavour, at: state)
            return (link, state.open(link, remembered: Self.visitor(of: request)))
        }
    }

    /// The form of the page: the link again, the person, and the decision.
    func decide(_ request: Request, flavour: AuthorizeLink.Flavour) -> Response {
        guard isFromHere(request) else { return ErrorPage(error: .foreignForm, say: Language(request)).page.response() }
        let form = parseForm(request.body)
        let field = { (name: String) in (try? form.first(name)) ?? nil }
        let chosen = field("user") ?? ""
        var response = respond(to: request, flavour: flavour) { (state) throws(PageError) in
            let link = try AuthorizeLink(Query(raw: field("link") ?? ""), flavour: flavour, at: state)
            let decision: Platform.State.Decision = field("decision") == "allow" ? .allow(user: chosen) : .deny
            return (link, try state.decide(decision, on: link))
        }
        if field("decision") == "allow", field("remember") == "yes", response.status == .seeOther {
            remember(chosen, in: &response)
        }
        return response
    }

    func showVisitor(_ request: Request) -> Response {
        let users = platform.with { $0.users }
        return VisitorPage(users: users, current: Self.visitor(of: request), say: Language(request)).page.response()
    }

    func setVisitor(_ request: Request) -> Response {
        guard isFromHere(request) else { return ErrorPage(error: .foreignForm, say: Language(request)).page.response() }
        let form = parseForm(request.body)
        let chosen = (try? form.first("user")) ?? nil
        let remembers = ((try? form.first("decision")) ?? nil) == "remember"
        var response = Response(.seeOther, [(.location, "/connect/visitor")])
        if remembers {
            guard let chosen, platform.with({ $0.user(chosen) }) != nil else {
                return ErrorPage(error: .unknownUser, say: Language(request)).page.response()
            }
            remember(chosen, in: &response)
        } else {
            remember(nil, in: &response)
        }
        return response
    }

    private func respond(
        to request: Request, flavour: AuthorizeLink.Flavour,
        _ step: (inout Platform.State) throws(PageError) -> (AuthorizeLink, Platform.State.Step)
    ) -> Response {
        platform.with { state in
            do throws(PageError) {
                if state.knobs.requireWeChat && flavour == .official && !Self.isWeChat(request) { throw .outsideWeChat }
                let (link, outcome) = try step(&state)
                return Self.response(link, outcome, state: state, in: Language(request))
            } catch {
                state.record(
                    "consent", flavour.rawValue, "error \(error.number.map(String.init) ?? error.text.english)")
                return ErrorPage(error: error, say: Language(request)).page.response()
            }
        }
    }

    private static func response(
        _ link: AuthorizeLink, _ step: Platform.State.Step, state: Platform.State, in say: Language
    ) -> Response {
        switch step {
        case .choose(let remembered):
            guard let index = state.ledger(of: link.appID) else {
                return ErrorPage(error: .unknownAppID, say: say).page.response()
            }
            return ConsentPage(
                link: link, account: state.ledgers[index].account, users: state.users, remembered: remembered,
                say: say
            ).page.response()
        case .callBack(let targets) where targets.count > 1:
            return DoubleCallbackPage(targets: targets, say: say).page.response()
        case .callBack(let targets):
            // 303: the form's POST must not be repeated at the site it leads to.
            return Response(
                .seeOther,
                [(.location, targets.first ?? "/"), (.cacheControl, "no-store"), (.referrerPolicy, "no-referrer")])
        }
    }

    private static func isWeChat(_ request: Request) -> Bool {
        request.fields[.userAgent]?.lowercased().contains("micromessenger") == true
    }

    private static func visitor(of request: Request) -> String? {
        if case .one(let key) = request.cookie(cookie) { key } else { nil }
    }

    /// Another site can post a form here and would choose the visitor's person for them; browsers say who posts.
    private func isFromHere(_ request: Request) -> Bool {
        guard let origin = request.fields[.origin] else { return true }
        return origin == request.origin
    }

    private func remember(_ user: String?, in response: inout Response) {
        let cookie = SetCookie(
            name: Self.cookie, value: user ?? "", path: "/connect", maxAge: user == nil ? 0 : 30 * 86_400,
            secure: false)
        // Keys of people are letters, digits and hyphens: `User` cards and the control API admit no others.
        guard let text = try? cookie.serialized() else { return }
        try? response.fields.append(.setCookie, text)
    }
}
