<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
// Loaded before each script of the pool, with the API or without.
define('LOADED_BEFORE', true);
