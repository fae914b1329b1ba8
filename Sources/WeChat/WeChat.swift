// What WeChat's platform demands of a site: signed pages, logins, and one careful keeper of tokens and tickets.
//
// Called by Gateway, and by any Swift program that embeds it; everything such a program needs is public:
//
//     let platform = Platform(account: Account(name: "main", appID: "wx…", appSecret: "…"), fetcher: myFetcher)
//     let keeper = Keeper(platform: platform, store: try SQLiteStore(…))       // and `await keeper.run()` in a task
//     let page = try await JSSDK(keeper: keeper).sign(url: "https://h5.example.com/p?id=1")
//     let login = try OAuth(platform: platform).authorizeURL(redirectURI: …, scope: .base, state: …)
//
// It calls Store (records and leases), Secure (digests, sealing, randomness) and, for the outside world, a `Fetcher`
// that the host brings: there is no socket in this room, nor a clock of its own.
//
// From the bottom up: `Fetcher` carries a `Call`; `LooseJSON` and `ReplyBody` read the reply; `ErrorCode`, `Reaction`
// and its table say what an errcode means; `Platform` makes a typed call; `Slot` decides about one `Credential`, and
// `Keeper` waits for it; `JSSDK` and `OAuth` are what the visitor's page sees.
