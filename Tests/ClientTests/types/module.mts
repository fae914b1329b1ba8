// A page with a module: the class is the default export, its error a named one.
import WechatJSSDK, { WechatError } from '../../../Public/wechat-jssdk.mjs';

const jssdk = new WechatJSSDK({ signatureUrl: '/get-signature' });
try {
  const self: WechatJSSDK = await jssdk.initialize();
  void self.config.jsApiList.length;
} catch (error) {
  if (error instanceof WechatError && error.code === 'config_failed') void error.errMsg?.length;
}
