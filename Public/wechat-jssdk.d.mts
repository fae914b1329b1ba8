// Types of wechat-jssdk.mjs.
import WechatJSSDK from './wechat-jssdk.js';

export default WechatJSSDK;
export import WechatError = WechatJSSDK.WechatError;
export type { WechatJSSDK };
