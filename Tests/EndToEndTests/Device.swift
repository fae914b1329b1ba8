/// Where a test's `browser` says it is: the User-Agents of the clients, as they send them.
enum Device: CaseIterable {
    case iPhone, android, devTools, weCom, desktop

    var userAgent: String {
        switch self {
        case .iPhone:
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                + "Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI Language/zh_CN"
        case .android:
            "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
                + "Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240404 "
                + "MicroMessenger/8.0.49.2600(0x28003133) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64"
        case .devTools:
            "Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                + "Mobile/15E148 wechatdevtools/1.06.2402040 MicroMessenger/8.0.5 webview/"
        case .weCom:
            "Mozilla/5.0 (Linux; Android 13; M2102 Build/TKQ1; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
                + "Chrome/116.0.0.0 Mobile Safari/537.36 wxwork/4.1.22 MicroMessenger/7.0.1 NetType/WIFI Language/zh"
        case .desktop:
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0.0.0 Safari/537.36"
        }
    }

    /// WeChat on iOS goes by the URL that was entered; everywhere else the current one is verified.
    var verifiesEntry: Bool { self == .iPhone }
}
