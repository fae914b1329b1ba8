// Types of wechat-jssdk.js, as a script (global `WechatJSSDK`) and as a CommonJS or AMD module.
export = WechatJSSDK;
export as namespace WechatJSSDK;

/**
 * WeChat's JS-SDK behind promises: loads the script, signs the page, decides what the outcome really is.
 *
 *     const jssdk = new WechatJSSDK({ signatureUrl: '/get-signature', jsApiList: ['getNetworkType'] });
 *     const { networkType } = await jssdk.call('getNetworkType');
 */
declare class WechatJSSDK {
  constructor(options?: WechatJSSDK.Options);

  /** A copy of the options, with the signature that was used last. The caller's own object is never changed. */
  readonly config: WechatJSSDK.Options & { jsApiList: string[]; openTagList: string[] };
  /** Where WeChat's script is loaded from. */
  readonly sdkUrl: string;
  readonly debug: boolean;
  /** Milliseconds after which initialize() and signSignature() give up. */
  readonly timeout: number;
  /** Where Magpie is: the prefix of `/session`, `/redirect` and `/logout`. Empty for the root of the page's origin. */
  readonly server: string;
  /** WeChat's own `wx`, once it is loaded. */
  wx: any;

  /**
   * Loads WeChat's script, gets a signature and configures the page. It always settles, within `timeout`: resolves when
   * WeChat accepted the signature, rejects with a WechatError otherwise. May be called any number of times: there is
   * one attempt at a time, a good outcome is kept, and after a failure the next call tries again.
   */
  initialize(): Promise<this>;

  /**
   * Configures the page again: with the given signature, or with a fresh one from `signatureUrl`, or with that of the
   * options. The promise is the outcome of this very attempt. A given signature is not replaced when it is invalid.
   */
  signSignature(signed?: WechatJSSDK.Signature): Promise<this>;

  /** Calls any API, initializing first: `await jssdk.call('scanQRCode', { needResult: 1 })`. */
  call<Result = any>(api: string, options?: WechatJSSDK.CallOptions): Promise<Result>;

  /**
   * Calls an API of `jsApiList` and returns at once, as wechat-jssdk does; an API that is not listed or not there does
   * nothing (an alert in debug mode). While the page is being configured the call waits for the outcome.
   */
  callWechatApi(api: string, config?: WechatJSSDK.CallOptions, callback?: (...values: any[]) => void): this;

  /** What a friend or a group is shown. Works with any `jsApiList`. */
  updateAppMessageShareData(info: WechatJSSDK.ShareInfo): this;
  /** What Moments show. Works with any `jsApiList`. */
  updateTimelineShareData(info: WechatJSSDK.ShareInfo): this;
  /** @deprecated by WeChat (onMenuShareAppMessage): use updateAppMessageShareData. */
  shareOnChat(info: WechatJSSDK.ShareInfo): this;
  /** @deprecated by WeChat (onMenuShareTimeline): use updateTimelineShareData. */
  shareOnMoment(info: WechatJSSDK.ShareInfo): this;

  getOriginalWx(): any;
  setOriginWx(): this;

  /** Who is logged in (`GET /session`); null when nobody is. */
  session(): Promise<WechatJSSDK.Session | null>;
  /** Leaves the page to log the visitor in. A refusal comes back with `wechat_error=access_denied` in the query. */
  login(options?: WechatJSSDK.LoginOptions): void;
  /** Where login() would go: for a link. */
  loginUrl(options?: WechatJSSDK.LoginOptions): string;
  /** Ends the session (`POST /logout`). */
  logout(): Promise<void>;

  static default: typeof WechatJSSDK;
}

declare namespace WechatJSSDK {
  interface Signature {
    appId?: string;
    timestamp?: string | number;
    nonceStr?: string;
    signature?: string;
  }

  interface Options extends Signature {
    /** Where a signature is fetched: Magpie's `/get-signature`, or any server that answers `?url=` like it. */
    signatureUrl?: string;
    /** The account's name in Magpie's configuration, when it has several. */
    account?: string;
    /** APIs the page will call; those of the share helpers are added. */
    jsApiList?: string[];
    /** Default: wx-open-subscribe and wx-open-audio. */
    openTagList?: string[];
    /** Another address for WeChat's script. Default: https://res.wx.qq.com/open/js/jweixin-1.6.0.js, with its backup. */
    customUrl?: string;
    /**
     * WeChat shows every answer in an alert. A signature that WeChat calls invalid is told in the console, with the URLs
     * that were signed and verified, and with the JSON that `magpie diagnose` reads to tell why.
     */
    debug?: boolean;
    /** Milliseconds; default 15,000. */
    timeout?: number;
    /**
     * Sign again when pushState, replaceState or the back button changed the URL that WeChat verifies (Android and
     * desktop; never needed on iOS). Default true. Needs `signatureUrl`.
     */
    followRoutes?: boolean;
    /** The URL of the page load, for scripts that start after a router has changed it. */
    entryUrl?: string;
    /** Where Magpie is, when that is not the folder of `signatureUrl`. */
    server?: string;
    /** WeCom: allows wx.invoke. Like any other option it is handed on to wx.config. */
    beta?: boolean;
  }

  interface CallOptions {
    success?(result: any): void;
    fail?(result: any): void;
    cancel?(result: any): void;
    complete?(result: any): void;
    [name: string]: any;
  }

  interface ShareInfo extends CallOptions {
    title: string;
    desc?: string;
    link?: string;
    imgUrl?: string;
  }

  interface LoginOptions {
    /** `base`: openid only, without a question. `userinfo`: nickname and picture, after WeChat asked the visitor. */
    scope?: 'base' | 'userinfo';
    /** Where to return: a path, or a URL allowed by `returnDomains`. Default: this page. */
    to?: string;
    account?: string;
  }

  interface Session {
    openid: string;
    unionid?: string;
    account: string;
    scope: 'base' | 'userinfo';
    /** The visitor looked at the page in WeChat's snapshot mode: a stand-in identity, not to be stored. */
    snapshot: boolean;
    profile?: { nickname?: string; headimgurl?: string; [name: string]: unknown };
    /** ISO 8601, such as 2026-01-31T12:00:00Z. */
    createdAt: string;
    expiresAt: string;
  }

  type ErrorCode =
    /** The page is not open in WeChat (and no sandbox plays it). */
    | 'outside_wechat'
    /** Neither Tencent's host nor its backup delivered the script. */
    | 'script_failed'
    /** The server could not be reached. */
    | 'network'
    /** The server answered with an error (`status`, `answer`) or without a signature. */
    | 'refused'
    /** `timeout` ran out; the message names what was waited for. */
    | 'timeout'
    /** There is nothing to sign with. */
    | 'no_signature'
    /** WeChat refused the configuration: see `errMsg`. */
    | 'config_failed'
    /** The script has no such API. */
    | 'api_missing'
    /** The API failed, or the visitor cancelled it: see `errMsg`. */
    | 'api_fail'
    | 'api_cancel';

  /** Every promise of WechatJSSDK is rejected with one of these. */
  class WechatError extends Error {
    readonly name: 'WechatError';
    readonly code: ErrorCode;
    /** WeChat's own words, such as `config:invalid signature`. */
    readonly errMsg?: string;
    /** The URLs WeChat verified, when it tells. */
    readonly realAuthUrl?: string[];
    /** The server's status and body. */
    readonly status?: number;
    readonly answer?: any;
    [detail: string]: any;
  }
}
