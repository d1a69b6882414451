<?php
// Receives Loa's webhooks; PHP alone, nothing to install.
// LOA_SECRET=whsec_... php -S 127.0.0.1:9000 receiver.php     (or behind Apache or nginx)
declare(strict_types=1);

const TOLERANCE_S = 300;

/** Whether one of the signatures is that of these very bytes, and not older than five minutes. */
function is_genuine(string $secret, string $id, string $timestamp, string $signatures, string $body): bool
{
    if ($id === '' || !ctype_digit($timestamp) || abs(time() - (int) $timestamp) > TOLERANCE_S) {
        return false;
    }
    $key = base64_decode(substr($secret, strlen('whsec_')), true);
    if ($key === false || $key === '') {
        return false;
    }
    $wanted = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $signatures) as $signature) {
        if (hash_equals($wanted, $signature)) {
            return true;
        }
    }
    return false;
}

/** The file of what was dealt with; your database does it better: ids for 90 days, and states. */
function remember(string $id, array $message): void
{
    $file = fopen(getenv('LOA_STATE') ?: sys_get_temp_dir() . '/loa-receiver.json', 'c+');
    flock($file, LOCK_EX);
    $known = json_decode(stream_get_contents($file) ?: '', true) ?? ['seen' => [], 'newest' => []];
    if (!isset($known['seen'][$id])) {
        take($message, $known['newest']);
        $known['seen'][$id] = time();
        ftruncate($file, 0);
        rewind($file);
        fwrite($file, json_encode($known));
        fflush($file);
    }
    fclose($file);
}

/** Your work: put the post into your document system, and do the rest later. */
function take(array $message, array &$newest): void
{
    ['type' => $type, 'data' => $post] = $message;
    if (!str_starts_with($type, 'post.')) {
        error_log($type); // subscription.test, and types to come: nothing to do
        return;
    }
    $state = 2 * $post['revision'] + ($type === 'post.withdrawn' ? 1 : 0);
    if ($state < ($newest[$post['id']] ?? 0)) {
        return; // an older state that came late
    }
    $newest[$post['id']] = $state;
    error_log("$type {$post['id']} {$post['revision']} {$post['title']}");
}

$body = file_get_contents('php://input'); // the bytes as they came, before any parsing
$id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
$timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
$signatures = $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '';
if (!is_genuine((string) getenv('LOA_SECRET'), $id, $timestamp, $signatures, $body)) {
    http_response_code(401);
    exit('wrong signature');
}
$message = json_decode($body, true, 512, JSON_THROW_ON_ERROR);
if ($message['type'] === 'subscription.confirm') {
    exit($message['data']['challenge']);
}
remember($id, $message);
http_response_code(204);
