<?php
// Submits one photo: php submit.php (json|form) ID_CARD NAME PHOTO REFERENCE
declare(strict_types=1);

const TRIES = 5;
const WORTH_REPEATING = [0, 408, 429, 502, 503, 504];

function asJson(array $fields, string $photo): array
{
    $body = $fields + ['imageBase64' => base64_encode($photo)];
    return ['application/json', json_encode($body, JSON_THROW_ON_ERROR)];
}

function asForm(array $fields, string $photo): array
{
    $boundary = bin2hex(random_bytes(16));
    $start = "--$boundary\r\nContent-Disposition: form-data; name=";
    $body = '';
    foreach ($fields as $name => $value) {
        $body .= "$start\"$name\"\r\n\r\n$value\r\n";
    }
    $body .= "$start\"image\"; filename=\"photo\"\r\n\r\n$photo\r\n--$boundary--\r\n";
    return ["multipart/form-data; boundary=$boundary", $body];
}

/** Status (0: no answer), headers and JSON of the answer. */
function send(string $contentType, string $body, string $idempotencyKey): array
{
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'header' => [
            'Authorization: Bearer ' . getenv('VERIQUEUE_API_KEY'),
            "Content-Type: $contentType",
            "Idempotency-Key: $idempotencyKey",
        ],
        'content' => $body,
        'timeout' => 30,
        'ignore_errors' => true, // gives the body of an answer that is no success, too
    ]]);
    $url = getenv('VERIQUEUE_URL') ?: 'http://127.0.0.1:3000';
    $text = @file_get_contents("$url/v1/verifications", false, $context);
    if ($text === false) {
        return [0, [], []];
    }
    $headers = [];
    foreach ($http_response_header as $line) {
        [$name, $value] = explode(':', $line, 2) + [1 => ''];
        $headers[strtolower($name)] = trim($value);
    }
    $status = (int) explode(' ', $http_response_header[0])[1];
    return [$status, $headers, json_decode($text, true) ?? []];
}

/** Repeats what may have got lost: the Idempotency-Key keeps it one verification. */
function submit(string $contentType, string $body, string $idempotencyKey): array
{
    for ($attempt = 1; ; $attempt++) {
        [$status, $headers, $answer] = send($contentType, $body, $idempotencyKey);
        $isLost = in_array($status, WORTH_REPEATING, true) || ($answer['code'] ?? '') === 'in_progress';
        if (!$isLost || $attempt === TRIES) {
            return [$status, $headers, $answer];
        }
        sleep((int) ($headers['retry-after'] ?? 2 ** $attempt));
    }
}

[, $form, $idCard, $name, $photoPath, $reference] = $argv;
$fields = ['idCard' => $idCard, 'name' => $name, 'reference' => $reference];
if (getenv('CALLBACK_URL')) {
    $fields['callbackUrl'] = getenv('CALLBACK_URL');
}
$photo = file_get_contents($photoPath);
[$contentType, $body] = $form === 'json' ? asJson($fields, $photo) : asForm($fields, $photo);
// The same key again if this program runs again, so that each person is asked about once.
[$status, $headers, $answer] = submit($contentType, $body, $reference);
if ($status === 202) {
    $replayed = ($headers['idempotent-replayed'] ?? '') === 'true' ? ' replayed' : '';
    echo "{$answer['id']} {$answer['status']}$replayed\n";
    exit(0);
}
echo "$status ", $answer['code'] ?? '', "\n";
foreach ($answer['errors'] ?? [] as $error) {
    echo "{$error['pointer']} {$error['code']}: {$error['detail']}\n";
}
exit(1);
