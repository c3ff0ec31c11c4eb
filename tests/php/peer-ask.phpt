--TEST--
Nodes that do not answer are told as such, and cost no more than the time set
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
declare(strict_types=1);

namespace HaWeb\EAccelerator;

require __DIR__ . '/../../roles/eaccelerator/files/compat/lib/autoload.php';

$silent = stream_socket_server('tcp://127.0.0.1:0');
$gone = stream_socket_server('tcp://127.0.0.1:0');
$free = stream_socket_get_name($gone, false);
fclose($gone);
$fields = Signature::request('secret', 'web1', 'state', [], time());
$start = microtime(true);
$answers = Peers::ask([
    'silent' => [stream_socket_get_name($silent, false), $fields],
    'gone' => [$free, $fields],
    'nonsense' => ['nowhere', $fields],
], 0.3);
echo microtime(true) - $start < 1 ? 'in time' : 'late', "\n";
ksort($answers);
foreach ($answers as $node => [$data, $reason]) {
    echo "$node: ", json_encode($data), $node === 'nonsense' ? '' : " $reason", "\n";
}
foreach (
    [
        "HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\"node\": \"web1\"}",
        "HTTP/1.1 200 OK\r\n\r\n{\"node\":",
        "HTTP/1.1 200 OK\r\n\r\n1",
        "HTTP/1.1 403 Forbidden\r\n\r\n{\"error\":\"The signature is wrong.\"}",
        "HTTP/1.1 502 Bad Gateway\r\n\r\n<html>",
        'SSH-2.0',
        '',
    ] as $received
) {
    echo json_encode(Peers::answer($received)), "\n";
}
var_dump(Peers::ask([]));
?>
--EXPECT--
in time
gone: null Connection refused
nonsense: null
silent: null No answer within 0.3 seconds
[{"node":"web1"},""]
[null,"Its answer is not JSON, or not whole"]
[null,"Its answer is not JSON, or not whole"]
[null,"It answers 403: The signature is wrong."]
[null,"It answers 502"]
[null,"It does not speak HTTP"]
[null,"It closed the connection"]
array(0) {
}
