--TEST--
Names carry a leading colon; ttl is the moment of expiry, created a time of today
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
use HaWeb\EAccelerator\Api;

foreach (['', 'forum'] as $nameSpace) {
    Api::start('www', $nameSpace);
    eaccelerator_put('a:b', 1);
    eaccelerator_put('later', 1, 100);
    $keys = array_column(eaccelerator_list_keys(), null, 'name');
    ksort($keys);
    echo implode(' ', array_keys($keys)), ' / ', implode(' ', array_keys($keys[':a:b'])), "\n";
    var_dump($keys[':a:b']['ttl'], $keys[':later']['ttl'] - $keys[':later']['created']);
    var_dump(abs(time() - $keys[':later']['created']) <= 2, $keys[':a:b']['size'] > 0);
}
--EXPECT--
:a:b :later / name ttl created size
int(0)
int(100)
bool(true)
bool(true)
:a:b :later / name ttl created size
int(0)
int(100)
bool(true)
bool(true)
