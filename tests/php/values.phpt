--TEST--
Values of every type come back as they were
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
foreach ([1, 1.5, '', 'text', "\0", true, [], ['a' => [1, null]], new ArrayObject([1])] as $value) {
    eaccelerator_put('key', $value);
    echo gettype($value), ' ', eaccelerator_get('key') == $value ? 'same' : 'other', "\n";
}
--EXPECT--
integer same
double same
string same
string same
string same
boolean same
array same
array same
object same
