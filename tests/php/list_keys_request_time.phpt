--TEST--
Times are right where APCu takes that of the request
--INI--
apc.use_request_time=1
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
eaccelerator_put('key', 1);
var_dump(abs(time() - eaccelerator_list_keys()[0]['created']) <= 2);
--EXPECT--
bool(true)
