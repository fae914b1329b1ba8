// A bundler or a server that renders pages: the class is what `require` returns, and its `default`.
import WechatJSSDK = require('../../../Public/wechat-jssdk.js');

const one: WechatJSSDK = new WechatJSSDK({ signatureUrl: '/get-signature' });
const two: WechatJSSDK = new WechatJSSDK.default();
const error: Error = new WechatJSSDK.WechatError();
const options: WechatJSSDK.Options = { appId: 'wx', timestamp: '1', nonceStr: 'n', signature: 's' };
void [one, two, error, options];
