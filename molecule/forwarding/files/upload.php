<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// What arrived, so that the client can compare.
header('Content-Type: text/plain');
echo md5_file('php://input'), "\n";
