--TEST--
Pools and name spaces have keys of their own, also where their names hold colons
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
use HaWeb\EAccelerator\Api;

$places = [['a', 'b'], ['a', ''], ['', 'a'], ['a:b', ''], ['a', 'b:c'], ['a:b', 'c'], ['a%3Ab', ''], ['', '']];
foreach ($places as $number => [$pool, $nameSpace]) {
    Api::start($pool, $nameSpace);
    eaccelerator_put('c', $number);
}
foreach ($places as $number => [$pool, $nameSpace]) {
    Api::start($pool, $nameSpace);
    echo eaccelerator_get('c') === $number ? 'own' : 'another', ' ', count(eaccelerator_list_keys()), "\n";
}
--EXPECT--
own 1
own 1
own 1
own 1
own 1
own 1
own 1
own 1
