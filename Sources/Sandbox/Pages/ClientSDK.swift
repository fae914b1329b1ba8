/// `wx` and `jWeixin` as pages use them: the sandbox's own writing of the JS-SDK's public contract, on top of the bridge.
///
/// Faithful on purpose where it hurts: `wx.ready` runs even when config failed, every `ready` callback but only the last
/// `error` callback counts, aliases replace names inside the caller's own `jsApiList`, and a second copy of the script
/// does nothing.
enum ClientSDK {
    static func script(requiresWeChat: Bool) -> String {
        ClientBridge.script(requiresWeChat: requiresWeChat) + text
    }

    private static let text = #"""
        // Magpie sandbox: a stand-in for the JS-SDK. Not Tencent's code, and of no use outside a sandbox.
        (function (root, make) {
          if (typeof define === 'function' && (define.amd || define.cmd)) define(function () { return make(root, false); });
          else make(root, true);
        })(this === undefined ? window : this, function (window, isGlobal) {
          'use strict';
          if (window.jWeixin) return window.jWeixin;

          var alias = {
            config: 'preVerifyJSAPI', onMenuShareTimeline: 'menu:share:timeline',
            onMenuShareAppMessage: 'menu:share:appmessage', onMenuShareQQ: 'menu:share:qq',
            onMenuShareWeibo: 'menu:share:weiboApp', onMenuShareQZone: 'menu:share:QZone', previewImage: 'imagePreview',
            getLocation: 'geoLocation', openProductSpecificView: 'openProductViewWithPid', addCard: 'batchAddCard',
            openCard: 'batchViewCard', chooseWXPay: 'getBrandWCPayRequest',
            openEnterpriseRedPacket: 'getRecevieBizHongBaoRequest', startSearchBeacons: 'startMonitoringBeacons',
            stopSearchBeacons: 'stopMonitoringBeacons', onSearchBeacons: 'onBeaconsInRange',
            consumeAndShareCard: 'consumedShareCard', openAddress: 'editAddress'
          };
          var native = function (name) { return Object.prototype.hasOwnProperty.call(alias, name) ? alias[name] : name; };

          var settings = {}, state = 0, outcome = null, whenReady = [], whenError = null;
          var isWeChat = /micromessenger/i.test(navigator.userAgent);
          var log = function (message) { if (settings.debug) console.info('[wx]', message); };

          function withBridge(work) {
            if (window.WeixinJSBridge) work(window.WeixinJSBridge);
            else document.addEventListener('WeixinJSBridgeReady', function () { work(window.WeixinJSBridge); });
          }

          // "geoLocation:fail_no_permission" becomes "getLocation:permission denied", as the client's dialects are levelled.
          function level(name, message) {
            var colon = (message || '').indexOf(':');
            var text = colon < 0 ? message || '' : message.slice(colon + 1);
            if (text === 'confirm') text = 'ok';
            if (text === 'failed') text = 'fail';
            text = text.replace(/^failed_/, '').replace(/^fail_/, '').replace(/_/g, ' ').toLowerCase();
            if (text === 'access denied' || text === 'no permission to execute') text = 'permission denied';
            if (name === 'config' && text === 'function not exist') text = 'ok';
            return name + ':' + (text || 'fail');
          }

          function plain(options) {
            var params = {};
            Object.keys(options).forEach(function (key) {
              if (typeof options[key] !== 'function') params[key] = options[key];
            });
            return params;
          }

          function settle(name, options, reply, finish) {
            var result = {};
            Object.keys(reply).forEach(function (key) { if (key !== 'err_msg') result[key] = reply[key]; });
            result.errMsg = level(name, reply.err_msg || reply.errMsg);
            if (name === 'checkJsApi' && typeof result.checkResult === 'string') {
              result.checkResult = JSON.parse(result.checkResult);
            }
            log(result);
            var text = result.errMsg.slice(name.length + 1);
            if (finish) finish(result, text === 'ok');
            if (text === 'ok') { if (options.success) options.success(result); }
            else if (text === 'cancel') { if (options.cancel) options.cancel(result); }
            else if (options.fail) options.fail(result);
            if (options.complete) options.complete(result);
          }

          function call(name, options) {
            options = options || {};
            withBridge(function (bridge) {
              bridge.invoke(native(name), plain(options), function (reply) { settle(name, options, reply); });
            });
          }

          // The old share calls answer when the visitor taps the menu, not when they are made.
          function onMenu(name) {
            return function (options) {
              options = options || {};
              withBridge(function (bridge) {
                bridge.on(native(name), function () {
                  if (options.trigger) options.trigger({});
                  bridge.invoke(native(name), plain(options), function (reply) { settle(name, options, reply); });
                });
              });
            };
          }

          function onEvent(name) {
            return function (options) {
              options = options || {};
              withBridge(function (bridge) {
                bridge.on(native(name), function (data) { settle(name, options, Object.assign({ err_msg: name + ':ok' }, data)); });
              });
            };
          }

          function show(result) {
            if (!settings.debug || !document.body) return;
            var note = document.createElement('div');
            note.id = 'wx-sandbox-note';
            note.setAttribute('role', 'status');
            note.textContent = result.errMsg + (result.reason ? ' – ' + result.reason : '');
            Object.assign(note.style, {
              position: 'fixed', left: '8px', right: '8px', bottom: '8px', padding: '10px 14px', zIndex: 99999,
              borderRadius: '10px', background: '#5c1410', color: '#fff', font: '14px/1.4 sans-serif'
            });
            document.body.appendChild(note);
          }

          function configured(result, isOK) {
            state = isOK ? 1 : -1;
            outcome = result;
            if (!isOK) { show(result); if (whenError) whenError(result); }
            // Not a slip: the client calls this "complete", and complete comes after failures too.
            var waiting = whenReady;
            whenReady = [];
            waiting.forEach(function (callback) { callback(); });
          }

          var wx = {
            config: function (options) {
              settings = options || {};
              var list = settings.jsApiList || [];
              for (var index = 0; index < list.length; index += 1) list[index] = native(list[index]);
              withBridge(function (bridge) {
                bridge.invoke('preVerifyJSAPI', {
                  verifyJsApiList: list.slice(), verifyOpenTagList: settings.openTagList || [], appId: settings.appId,
                  verifyAppId: settings.appId, verifySignType: 'sha1',
                  verifyTimestamp: settings.timestamp === undefined ? '' : '' + settings.timestamp,
                  verifyNonceStr: settings.nonceStr, verifySignature: settings.signature
                }, function (reply) { settle('config', {}, reply, configured); });
              });
              if (settings.beta) {
                wx.invoke = function (name, params, done) {
                  withBridge(function (bridge) { bridge.invoke(name, params, done); });
                };
                wx.on = function (name, listener) { withBridge(function (bridge) { bridge.on(name, listener); }); };
              }
            },
            ready: function (callback) {
              if (state !== 0) callback();
              else { whenReady.push(callback); if (!isWeChat && settings.debug && !window.WeixinJSBridge) callback(); }
            },
            error: function (callback) {
              if (state === -1) callback(outcome);
              else whenError = callback;
            },
            checkJsApi: function (options) { call('checkJsApi', options); }
          };

          ('updateAppMessageShareData updateTimelineShareData startRecord stopRecord playVoice pauseVoice stopVoice ' +
            'uploadVoice downloadVoice chooseImage previewImage uploadImage downloadImage getLocalImgData translateVoice ' +
            'getNetworkType openLocation getLocation hideOptionMenu showOptionMenu hideMenuItems showMenuItems ' +
            'hideAllNonBaseMenuItem showAllNonBaseMenuItem closeWindow scanQRCode chooseWXPay openProductSpecificView ' +
            'addCard chooseCard openCard openAddress consumeAndShareCard openEnterpriseRedPacket startSearchBeacons ' +
            'stopSearchBeacons openEnterpriseChat launchMiniProgram openBusinessView'
          ).split(' ').forEach(function (name) { wx[name] = function (options) { call(name, options); }; });
          'Timeline AppMessage QQ Weibo QZone'.split(' ').forEach(function (menu) {
            wx['onMenuShare' + menu] = onMenu('onMenuShare' + menu);
          });
          'onVoiceRecordEnd onVoicePlayEnd onSearchBeacons'.split(' ').forEach(function (name) { wx[name] = onEvent(name); });

          wx.miniProgram = { getEnv: function (callback) { callback({ miniprogram: false }); } };
          'navigateTo navigateBack switchTab reLaunch redirectTo postMessage'.split(' ').forEach(function (name) {
            wx.miniProgram[name] = function (options) {
              if (options && options.fail) options.fail({ errMsg: name + ':fail not in a mini program' });
            };
          });

          if (isGlobal) window.wx = window.jWeixin = wx;
          return wx;
        });

        """#
}
