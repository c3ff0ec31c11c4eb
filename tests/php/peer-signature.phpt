--TEST--
A request is answered only when signed for this node and now
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
declare(strict_types=1);

namespace HaWeb\EAccelerator;

require __DIR__ . '/../../roles/eaccelerator/files/compat/lib/autoload.php';

$now = 1000000;
$fields = Signature::request('secret', 'web1', 'scripts', ['q' => 'a&b=c', 'page' => 2], $now);
function refusal(array $fields, string $secret = 'secret', string $node = 'web1', int $now = 1000000): void
{
    echo Signature::refusal($secret, $node, $fields, $now) ?: 'accepted', "\n";
}
refusal($fields);
refusal(array_reverse($fields));
refusal($fields, 'secret', 'web1', $now + 30);
refusal($fields, 'secret', 'web1', $now - 31);
refusal($fields, 'secret', 'web2');
refusal($fields, 'other');
refusal($fields, '');
refusal(['action' => 'clear'] + $fields);
refusal($fields + ['more' => '']);
refusal(['q' => ['a']] + $fields);
refusal(['signature' => ['a']] + $fields);
refusal(array_diff_key($fields, ['signature' => '']));
refusal([]);
// One field cannot pass for two.
$one = Signature::of('s', 'p', ['a' => 'b&c=d']);
echo $one === Signature::of('s', 'p', ['a' => 'b', 'c' => 'd']) ? 'same' : 'other', "\n";

$token = Signature::seal('secret', 'form', 'admin', 'text é', $now);
var_dump(
    Signature::unseal('secret', 'form', 'admin', $token, 60, $now + 60),
    Signature::unseal('secret', 'form', 'admin', $token, 60, $now + 61),
    Signature::unseal('secret', 'form', 'admin', $token, 60, $now - 1),
    Signature::unseal('secret', 'form', 'other', $token, 60, $now),
    Signature::unseal('secret', 'result', 'admin', $token, 60, $now),
    Signature::unseal('other', 'form', 'admin', $token, 60, $now),
    Signature::unseal('', 'form', 'admin', Signature::seal('', 'form', 'admin', '', $now), 60, $now),
    Signature::unseal('secret', 'form', 'admin', "$token\n", 60, $now),
    Signature::unseal('secret', 'form', 'admin', $token . 'AA', 60, $now)
);
?>
--EXPECT--
accepted
accepted
accepted
The clocks differ by more than 30 seconds.
This is the node web2.
The signature is wrong.
There is no secret on this node.
The signature is wrong.
The signature is wrong.
The signature is wrong.
The signature is wrong.
The signature is wrong.
The signature is wrong.
other
string(7) "text é"
NULL
NULL
NULL
NULL
NULL
NULL
NULL
NULL
