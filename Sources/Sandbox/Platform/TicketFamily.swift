/// The tickets of one account and one type (`jsapi`, `wx_card`): the same 86 characters for everybody until they are
/// exchanged, whatever access token asks.
struct TicketFamily: Sendable {
    struct Ticket: Equatable, Sendable {
        let text: String
        let issued: Int
        /// When the next caller gets another ticket.
        let turns: Int
        /// When signatures made with this one stop being accepted.
        var dies: Int
    }

    struct Rules: Equatable {
        var lifetime: Int
        /// How long a ticket is accepted after it gave way to the next. The platform reports `expires_in` 7200 even for
        /// a ticket that is an hour old, which is honest only if it is accepted for as long again.
        var overlap: Int
        /// Whether a ticket read again reports what is left of its life instead of the whole.
        var reportsRemaining: Bool
    }

    struct Issue: Equatable {
        let ticket: String
        let expiresIn: Int
        let isNew: Bool
    }

    enum Standing: Equatable {
        case accepted
        case dead(seconds: Int)
    }

    private static let remembered = 256

    private(set) var tickets: [Ticket] = []

    var current: Ticket? { tickets.last }

    mutating func read(now: Int, rules: Rules, mint: () -> String) -> Issue {
        if let current, now < current.turns, now < current.dies {
            let expiresIn = rules.reportsRemaining ? current.turns - now : rules.lifetime
            return Issue(ticket: current.text, expiresIn: expiresIn, isNew: false)
        }
        let turns = now + rules.lifetime
        let ticket = Ticket(text: mint(), issued: now, turns: turns, dies: turns + rules.overlap)
        tickets.append(ticket)
        if tickets.count > Self.remembered { tickets.removeFirst(tickets.count - Self.remembered) }
        return Issue(ticket: ticket.text, expiresIn: rules.lifetime, isNew: true)
    }

    mutating func killAll(now: Int) {
        for index in tickets.indices { tickets[index].dies = min(tickets[index].dies, now) }
    }

    func standing(of ticket: Ticket, now: Int) -> Standing {
        now < ticket.dies ? .accepted : .dead(seconds: now - ticket.dies)
    }
}
