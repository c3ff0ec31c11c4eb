<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** What OPcache knows of its scripts. Only pages below opcache.restrict_api may see it, or empty it. */
final class Scripts
{
    private static bool $warned = false;

    /**
     * Return one memory, as the extension had one: that of the keys, and that of the scripts where it may be seen.
     *
     * @return array<string, mixed>
     */
    public static function info(): array
    {
        $status = self::status(false);
        $memory = $status['memory_usage'] ?? ['used_memory' => 0, 'free_memory' => 0, 'wasted_memory' => 0];
        $keys = Api::usable() ? apcu_sma_info(true) : ['num_seg' => 0, 'seg_size' => 0, 'avail_mem' => 0];
        $free = (int) ($memory['free_memory'] + $keys['avail_mem']);
        $size = (int) (array_sum([$memory['used_memory'], $memory['free_memory'], $memory['wasted_memory']])
            + $keys['num_seg'] * $keys['seg_size']);
        return [
            'version' => 'compat',
            'shm_type' => 'OPcache and APCu',
            'sem_type' => 'APCu',
            'logo' => '',
            'cache' => self::setting('opcache.enable'),
            'optimizer' => self::setting('opcache.enable') && self::setting('opcache.optimization_level'),
            'check_mtime' => self::setting('opcache.validate_timestamps'),
            'memorySize' => $size,
            'memoryAvailable' => $free,
            'memoryAllocated' => $size - $free,
            'cachedScripts' => $status['opcache_statistics']['num_cached_scripts'] ?? 0,
            'removedScripts' => 0,
            'cachedKeys' => Api::count(),
        ];
    }

    /** @return list<array<string, int|string>> */
    public static function cached(): array
    {
        self::permitted() || self::warn();
        $scripts = [];
        foreach (self::status(true)['scripts'] ?? [] as $script) {
            $scripts[] = [
                'file' => $script['full_path'],
                'mtime' => $script['timestamp'] ?? 0, // unknown where OPcache does not look at it
                'size' => $script['memory_consumption'],
                'reloads' => 0,
                'usecount' => 0,
                'hits' => $script['hits'],
            ];
        }
        return $scripts;
    }

    public static function reset(): void
    {
        if (!self::permitted()) {
            self::warn();
        } elseif (function_exists('opcache_reset')) {
            @opcache_reset();
        }
    }

    /** Name the setting that a program may not change: it holds for the whole server. */
    public static function refuse(string $function, string $setting): void
    {
        trigger_error("$function does nothing here: $setting is set for the whole server", E_USER_WARNING);
    }

    /** @return array<string, mixed> */
    private static function status(bool $scripts): array
    {
        $known = self::permitted() && function_exists('opcache_get_status');
        return ($known ? @opcache_get_status($scripts) : false) ?: [];
    }

    /** OPcache would say so itself, with a warning at each call: it looks at the page's script, not at this file. */
    private static function permitted(): bool
    {
        $folder = (string) ini_get('opcache.restrict_api');
        return strncmp((string) ($_SERVER['SCRIPT_FILENAME'] ?? ''), $folder, strlen($folder)) === 0;
    }

    private static function warn(): void
    {
        if (!self::$warned) {
            self::$warned = true;
            trigger_error('This script is not below opcache.restrict_api: OPcache is left alone', E_USER_WARNING);
        }
    }

    private static function setting(string $name): bool
    {
        $value = (string) ini_get($name);
        return $value !== '' && intval($value, 0) !== 0;
    }
}
