// A page with a script element: the class is a global.
/// <reference path="../../../Public/wechat-jssdk.d.ts" />
const jssdk = new WechatJSSDK({
  signatureUrl: '/get-signature', account: 'main', jsApiList: ['getNetworkType'], openTagList: ['wx-open-audio'],
  customUrl: '/sdk.js', debug: true, timeout: 5_000, followRoutes: false, entryUrl: 'https://a.example/', server: '',
  beta: true
});

async function page(): Promise<void> {
  const self: WechatJSSDK = await jssdk.initialize();
  await self.signSignature();
  await self.signSignature({ timestamp: 1414587457, nonceStr: 'n', signature: 's' });
  const { networkType } = await jssdk.call<{ networkType: string }>('getNetworkType', { success(result) { void result; } });
  networkType.toUpperCase();
  const session: WechatJSSDK.Session | null = await jssdk.session();
  // @ts-expect-error: nobody may be logged in
  session.openid;
  if (session) {
    const scope: 'base' | 'userinfo' = session.scope;
    const nickname: string | undefined = session.profile?.nickname;
    void [scope, nickname, session.unionid?.length, session.snapshot === true];
  }
  const nothing: void = await jssdk.logout();
  return nothing;
}

jssdk.updateAppMessageShareData({ title: 't', desc: 'd', link: 'l', imgUrl: 'i', success() {} })
  .updateTimelineShareData({ title: 't' }).shareOnChat({ title: 't' }).shareOnMoment({ title: 't' })
  .callWechatApi('scanQRCode', { needResult: 1 }, () => {}).setOriginWx();
jssdk.getOriginalWx().anything;
const url: string = jssdk.loginUrl({ scope: 'userinfo', to: '/orders', account: 'shop' });
jssdk.login();

page().catch((error: WechatJSSDK.WechatError) => {
  const code: WechatJSSDK.ErrorCode = error.code;
  const details: [string | undefined, string[] | undefined, number | undefined] =
    [error.errMsg, error.realAuthUrl, error.status];
  void [code === 'outside_wechat', error instanceof WechatJSSDK.WechatError, details, url];
  // @ts-expect-error: no such code
  void (code === 'outside_wecaht');
});

// @ts-expect-error: an option that is misspelt
new WechatJSSDK({ signatureURL: '/get-signature' });
// @ts-expect-error: one API is a list, too
new WechatJSSDK({ jsApiList: 'getNetworkType' });
// @ts-expect-error: a share card needs a title
jssdk.updateTimelineShareData({ link: 'l' });
// @ts-expect-error: WeChat's scopes go by short names
jssdk.login({ scope: 'snsapi_base' });
// @ts-expect-error: options are copied when the class is made
jssdk.debug = true;
// @ts-expect-error: there is no such method
jssdk.init();
