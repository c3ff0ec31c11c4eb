--TEST--
A program's cache adapter, as they were written for the extension, works unchanged
--FILE--
<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
require __DIR__ . '/../../roles/eaccelerator/files/compat/api.php';
HaWeb\EAccelerator\Api::start('www', '');
require __DIR__ . '/adapter.php';
--EXPECTF--
%Aall: ok
