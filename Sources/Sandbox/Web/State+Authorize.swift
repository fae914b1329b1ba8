/// Who is asked, who is not, and what comes of it.
extension Platform.State {
    enum Step: Equatable {
        /// A page with the people one can be; the key of the one this browser remembers.
        case choose(remembered: String?)
        /// The visitor goes back, without having seen a page or after it. Two addresses: the first is called beside.
        case callBack([String])
    }

    enum Decision: Equatable {
        case allow(user: String)
        case deny
    }

    /// Opening the link. Silent when the platform would be: always for `snsapi_base`, for followers, and where a snapshot
    /// takes the place of the question.
    mutating func open(_ link: AuthorizeLink, remembered: String?) -> Step {
        guard let index = ledger(of: link.appID) else { return .choose(remembered: nil) }
        let key = remembered.flatMap { user($0) }?.key ?? (knobs.visitor.isEmpty ? nil : knobs.visitor)
        guard let key, let user = user(key) else { return .choose(remembered: nil) }
        let nature = nature(of: user, at: index, link: link)
        let isSilent =
            switch nature {
            case .silent: true
            // The consent dialog is hidden in a snapshot; forcePopup brings it back.
            case .snapshot: !link.forcesPopup
            case .asked: false
            }
        guard isSilent || (knobs.autoConsent && link.flavour == .official) else { return .choose(remembered: key) }
        return callBack(link, as: user, at: index, isSnapshot: nature == .snapshot)
    }

    /// The answer given on the page.
    mutating func decide(_ decision: Decision, on link: AuthorizeLink) throws(PageError) -> Step {
        guard let index = ledger(of: link.appID) else { throw .unknownAppID }
        switch decision {
        case .deny:
            // Inside WeChat a refusal leaves the visitor where they are. A browser has no window to close, so that the
            // sandbox goes back as website login does: with the state and without a code.
            record("consent", link.flavour.rawValue, "refused")
            return .callBack([link.callback(code: nil)])
        case .allow(let key):
            guard let user = user(key) else { throw .unknownUser }
            let isSnapshot = nature(of: user, at: index, link: link) == .snapshot
            return callBack(link, as: user, at: index, isSnapshot: isSnapshot)
        }
    }

    private enum Nature {
        case silent
        case snapshot
        case asked
    }

    private func nature(of user: User, at index: Int, link: AuthorizeLink) -> Nature {
        guard link.flavour == .official else { return .asked }
        if link.scope == "snsapi_base" { return .silent }
        if user.follows && knobs.followersSilent { return .silent }
        let isFirst = !ledgers[index].snapshotsShown.contains(user.key)
        let getsSnapshot = user.snapshot == .always || (user.snapshot == .first && isFirst)
        return link.forcesSnapshot || getsSnapshot ? .snapshot : .asked
    }

    private mutating func callBack(_ link: AuthorizeLink, as user: User, at index: Int, isSnapshot: Bool) -> Step {
        if isSnapshot { ledgers[index].snapshotsShown.insert(user.key) }
        let isDouble = knobs.doubleCallback && !link.isCalledBackOnce && link.flavour == .official
        var targets: [String] = []
        for _ in 0..<(isDouble ? 2 : 1) {
            let code = mintCode(for: user, at: index, scope: link.scope, isSnapshot: isSnapshot)
            targets.append(link.callback(code: code))
        }
        return .callBack(targets)
    }
}
