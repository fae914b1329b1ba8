import COpenSSL
import Foundation

extension RawResponse {
    /// `error.code` of the body.
    package var errorCode: String? {
        (json["error"] as? [String: Any])?["code"] as? String
    }
}

/// What `/get-signature` promises: the SHA-1 of the platform's own ticket and the values of the answer, in WeChat's
/// order, computed here by OpenSSL alone.
package func isSigned(_ response: RawResponse, with ticket: String, url: String) -> Bool {
    let page = response.json
    guard response.status == 200, let nonce = page["nonceStr"] as? String, nonce.utf8.count >= 16,
        let timestamp = page["timestamp"] as? String, let signature = page["signature"] as? String,
        page["url"] as? String == url
    else { return false }
    return signature == sha1("jsapi_ticket=\(ticket)&noncestr=\(nonce)&timestamp=\(timestamp)&url=\(url)")
}

package func sha1(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var digest = [UInt8](repeating: 0, count: 20)
    EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha1(), nil)
    return digest.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
}

extension FakePlatform {
    /// The ticket of the first account.
    package var ticket: String { change { $0.accounts[MagpieHome.appIDs[0]]?.ticket ?? "" } }
}

/// A page of the accounts' domain, and the request that has it signed.
package enum Page {
    package static let url = "https://h5.example.com/orders?id=1&x=%E4%B8%AD"
    package static let path =
        "/get-signature?url=https%3A%2F%2Fh5.example.com%2Forders%3Fid%3D1%26x%3D%25E4%25B8%25AD%23part"
    /// Has the ticket checked with the platform first.
    package static let forced = path + "&force=1"
}
