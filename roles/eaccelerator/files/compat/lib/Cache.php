<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** This node's OPcache and APCu. */
final class Cache
{
    /** The API's keys and pages in APCu; others' are not ours to delete. */
    private const KEYS = '/^eaccelerator(-page)?:/';

    /** Where OPcache tells nothing, `enabled` is false and `reason` says why. */
    public static function snapshot(array $configuration): array
    {
        $status = self::status(false);
        return [
            'node' => $configuration['node'],
            'provider' => $configuration['provider'],
            'php' => PHP_VERSION,
            'opcache' => (string) phpversion('Zend OPcache'),
            'reason' => is_string($status) ? $status : '',
            'time' => time(),
            'pid' => (int) getmypid(),
        ] + Snapshot::opcache(is_string($status) ? [] : $status) + [
            'apcu' => self::apcu(),
            'directives' => $configuration['directives'],
            // As they are in force, whatever the files say.
            'settings' => array_map('ini_get', array_combine($configuration['settings'], $configuration['settings'])),
        ];
    }

    public static function scripts(): array
    {
        $status = self::status(true);
        return is_string($status) ? [] : $status['scripts'] ?? [];
    }

    /** @return string nothing when it is done, or why it is not */
    public static function clear(): string
    {
        if (function_exists('apcu_enabled') && apcu_enabled()) {
            apcu_delete(new \APCUIterator(self::KEYS, APC_ITER_KEY));
        }
        $status = self::status(false);
        if (is_string($status)) {
            return $status;
        }
        // False also while a restart is already under way: then it is about to be empty, as asked.
        if (!opcache_reset() && !Snapshot::opcache($status)['restarting']) {
            return 'OPcache refused to be cleared.';
        }
        return '';
    }

    /** @return array|string the status, or why there is none */
    private static function status(bool $scripts)
    {
        if (!function_exists('opcache_get_status')) {
            return 'OPcache is not loaded.';
        }
        error_clear_last();
        // Refused by restrict_api it warns; the page says so in its own words.
        $status = @opcache_get_status($scripts);
        if (is_array($status) && ($status['opcache_enabled'] ?? false)) {
            return isset($status['memory_usage']) ? $status : 'OPcache keeps scripts in files only.';
        }
        if (error_get_last() !== null) {
            return 'opcache.restrict_api does not let this page ask OPcache.';
        }
        return filter_var(ini_get('opcache.enable'), FILTER_VALIDATE_BOOLEAN)
            ? 'OPcache did not start; the log of PHP says why.'
            : 'OPcache is off: opcache.enable = 0.';
    }

    private static function apcu(): ?array
    {
        if (!function_exists('apcu_enabled') || !apcu_enabled()) {
            return null;
        }
        $cache = apcu_cache_info(true);
        $memory = apcu_sma_info(true);
        return Snapshot::apcu((string) phpversion('apcu'), $cache ?: [], $memory ?: []);
    }
}
