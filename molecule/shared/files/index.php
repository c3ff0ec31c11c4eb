<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// The lab's example application: who served whom, and how.
header('Content-Type: text/plain');
echo 'node: ', gethostname(), "\n";
echo 'client: ', $_SERVER['REMOTE_ADDR'], "\n";
echo 'sapi: ', PHP_SAPI, "\n";
