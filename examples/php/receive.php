<?php
// Receives events: WEBHOOK_SECRET=whsec_… php -S 127.0.0.1:4000 receive.php
declare(strict_types=1);

const TOLERANCE_SECONDS = 5 * 60;

/** Standard Webhooks 1.0.0, over the bytes as they were received. */
function isAuthentic(string $body): bool
{
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!preg_match('/^\d{1,12}$/D', $timestamp) || abs(time() - (int) $timestamp) > TOLERANCE_SECONDS) {
        return false;
    }
    // Several, separated by spaces, while one replaces another.
    foreach (explode(' ', (string) getenv('WEBHOOK_SECRET')) as $secret) {
        $key = base64_decode(preg_replace('/^whsec_/', '', $secret), true);
        if ($key === false || $key === '') {
            throw new RuntimeException('WEBHOOK_SECRET must be whsec_ and Base64');
        }
        $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
        foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
            // hash_equals takes the same time wherever the two differ.
            if (hash_equals($expected, $given)) {
                return true;
            }
        }
    }
    return false;
}

function handle(array $event): void
{
    if (!in_array($event['type'], ['verification.completed', 'verification.failed'], true)) {
        return;
    }
    // Believe a verdict only when livemode is true: the sandbox knows made-up people only.
    $line = "{$event['type']} {$event['data']['reference']} {$event['data']['outcome']['verdict']}\n";
    file_put_contents('php://stdout', $line);
}

$body = file_get_contents('php://input');
if (!isAuthentic($body)) {
    http_response_code(400);
    return;
}
// In your service: a table with this primary key, written in one transaction with the result. Here it is a file.
$folder = getenv('RECEIVED_FOLDER') ?: sys_get_temp_dir() . '/received-events';
$seen = "$folder/" . hash('sha256', $_SERVER['HTTP_WEBHOOK_ID']);
if (!is_file($seen)) {
    handle(json_decode($body, true, 512, JSON_THROW_ON_ERROR));
    if (!is_dir($folder)) {
        mkdir($folder, 0700, true);
    }
    touch($seen);
}
http_response_code(204); // also for a repetition, and for a type that you do not know
