<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/*
 * The functions of eAccelerator 0.9.5 that programs call, on APCu and OPcache. Loading this defines functions and
 * does nothing else. Without APCu every key is a miss and every put fails, which programs know from a full cache.
 *
 * Parameters have no types: programs pass null, "3600" and numbers as keys, and the extension took them.
 */

declare(strict_types=1);

use HaWeb\EAccelerator\Api;
use HaWeb\EAccelerator\Locks;
use HaWeb\EAccelerator\Pages;
use HaWeb\EAccelerator\Scripts;

require_once __DIR__ . '/lib/Api.php';
require_once __DIR__ . '/lib/Locks.php';
require_once __DIR__ . '/lib/Pages.php';
require_once __DIR__ . '/lib/Scripts.php';

if (!function_exists('eaccelerator_put')) {
    function eaccelerator_put($key, $value, $ttl = 0): bool
    {
        return Api::put((string) $key, $value, (int) $ttl);
    }
}

if (!function_exists('eaccelerator_get')) {
    function eaccelerator_get($key)
    {
        return Api::get((string) $key);
    }
}

if (!function_exists('eaccelerator_rm')) {
    function eaccelerator_rm($key): bool
    {
        return Api::remove((string) $key);
    }
}

if (!function_exists('eaccelerator_gc')) {
    function eaccelerator_gc(): bool
    {
        return true; // APCu frees expired keys itself
    }
}

if (!function_exists('eaccelerator_list_keys')) {
    function eaccelerator_list_keys(): array
    {
        return Api::keys();
    }
}

if (!function_exists('eaccelerator_lock')) {
    function eaccelerator_lock($key): bool
    {
        return Locks::lock((string) $key);
    }
}

if (!function_exists('eaccelerator_unlock')) {
    function eaccelerator_unlock($key): bool
    {
        return Locks::unlock((string) $key);
    }
}

if (!function_exists('eaccelerator_cache_page')) {
    function eaccelerator_cache_page($key, $ttl = 0): bool
    {
        return Pages::cache((string) $key, (int) $ttl);
    }
}

if (!function_exists('eaccelerator_rm_page')) {
    function eaccelerator_rm_page($key): void
    {
        Pages::remove((string) $key);
    }
}

if (!function_exists('eaccelerator_info')) {
    function eaccelerator_info(): array
    {
        return Scripts::info();
    }
}

if (!function_exists('eaccelerator_cached_scripts')) {
    function eaccelerator_cached_scripts(): array
    {
        return Scripts::cached();
    }
}

if (!function_exists('eaccelerator_removed_scripts')) {
    function eaccelerator_removed_scripts(): array
    {
        return []; // OPcache does not list what it no longer uses
    }
}

if (!function_exists('eaccelerator_clear')) {
    function eaccelerator_clear(): void
    {
        Api::clear();
        Scripts::reset();
    }
}

if (!function_exists('eaccelerator_clean')) {
    function eaccelerator_clean(): void
    {
        // APCu frees expired keys itself, and scripts do not expire.
    }
}

if (!function_exists('eaccelerator_purge')) {
    function eaccelerator_purge(): void
    {
        // Removed scripts leave OPcache at its next restart only.
    }
}

if (!function_exists('eaccelerator_caching')) {
    function eaccelerator_caching($enable): void
    {
        Scripts::refuse(__FUNCTION__, 'opcache.enable');
    }
}

if (!function_exists('eaccelerator_optimizer')) {
    function eaccelerator_optimizer($enable): void
    {
        Scripts::refuse(__FUNCTION__, 'opcache.optimization_level');
    }
}

if (!function_exists('eaccelerator_check_mtime')) {
    function eaccelerator_check_mtime($enable): void
    {
        Scripts::refuse(__FUNCTION__, 'opcache.validate_timestamps');
    }
}
