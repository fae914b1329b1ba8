package import Secure

extension Configuration {
    /// Another site whose visitors log in here, and whose backend is told who they are.
    package struct Site: Sendable, Equatable {
        /// Names the site in `/redirect?site=…`, and its backend at `POST /tickets/redeem`.
        package var name: String
        /// Where its visitors are sent back to, and nowhere else.
        package var origin: Origin
        /// What its backend proves itself by.
        package var secret: Secret

        package init(name: String, origin: Origin, secret: Secret) {
            self.name = name
            self.origin = origin
            self.secret = secret
        }
    }
}
