<?php
// Who the visitor is, asked of Magpie for each request. PHP 8 or later, no extension.
//   php -S 127.0.0.1:3000 index.php        环境变量: MAGPIE (Magpie 的地址)

declare(strict_types=1);

/** ['session' => …] of a visitor who is signed in, ['login' => …] where to send one who is not. */
function visitor(): array
{
    $magpie = getenv('MAGPIE') ?: 'http://127.0.0.1:8080';
    $body = @file_get_contents("$magpie/session", false, stream_context_create(['http' => [
        'header' => [
            // The browser's own: the cookie says who it is, the host whose site this is.
            'Cookie: ' . ($_SERVER['HTTP_COOKIE'] ?? ''),
            'Host: ' . $_SERVER['HTTP_HOST'],
            // The login comes back to here.
            'X-Forwarded-Uri: ' . $_SERVER['REQUEST_URI'],
        ],
        'timeout' => 3,
        'ignore_errors' => true,
    ]]));
    $status = isset($http_response_header) ? (int) explode(' ', $http_response_header[0])[1] : 0;
    return match ($status) {
        200 => ['session' => json_decode($body, true, flags: JSON_THROW_ON_ERROR)],
        401 => ['login' => json_decode($body, true, flags: JSON_THROW_ON_ERROR)['login']],
        default => throw new RuntimeException("Magpie answered $status"),
    };
}

function reply(int $status, array $body): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    echo json_encode($body);
}

try {
    $visitor = visitor();
    if (isset($visitor['session'])) {
        reply(200, ['hello' => $visitor['session']['openid']]);
    } elseif (str_contains($_SERVER['HTTP_ACCEPT'] ?? '', 'text/html')) {
        // A page is sent to the login …
        header('Cache-Control: no-store');
        header("Location: {$visitor['login']}", response_code: 302);
    } else {
        // … a script is told, since a redirect would end at WeChat, where it may not read.
        reply(401, $visitor);
    }
} catch (Throwable $error) {
    // Nobody is let in because Magpie cannot be asked.
    error_log($error->getMessage());
    reply(503, ['error' => 'the login service cannot be reached']);
}
