import Gateway
import Secure

/// Looks at what our own listener would show: the pair of files, the name in it, and how long it lasts.
enum CertificateCheck {
    static func run(_ tls: Gateway.Configuration.TLS, host: String) -> [Finding] {
        do throws(SecureError) {
            let context = try TLSContext.server(certificateFile: tls.certificate, keyFile: tls.key)
            return [.good("certificate and key fit together"), coverage(context, host)]
                + (context.certificateSecondsLeft.map { [remainder(seconds: $0)] } ?? [])
        } catch {
            return [.bad("tls: \(error)", "Renew the certificate, or name the right pair.", "请检查证书与私钥。")]
        }
    }

    private static func coverage(_ context: TLSContext, _ host: String) -> Finding {
        guard !context.certificateCovers(host) else { return .good("the certificate is for \(host)") }
        return .bad(
            "the certificate is not for \(host), the host of publicURL",
            "Have one issued for that name; browsers refuse this one.", "证书与 publicURL 的域名不符，浏览器会拒绝。")
    }

    static func remainder(seconds: Int) -> Finding {
        let days = seconds / 86_400
        if seconds <= 0 {
            return .bad("the certificate has ended", "Renew it and send SIGHUP.", "证书已过期，请更新后发送 SIGHUP。")
        }
        if seconds < StatusReport.certificateMargin {
            return .note(
                "the certificate ends in \(days) days", "Look at what renews it, and at what sends SIGHUP then.",
                "证书即将过期，请检查自动续期。")
        }
        return .good("the certificate is good for \(days) days")
    }
}
