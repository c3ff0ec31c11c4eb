<?php
// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors

declare(strict_types=1);

namespace HaWeb\EAccelerator;

/** Keys in APCu, apart for each pool and name space. */
final class Api
{
    private static string $place = '::';

    /** Say whose keys these are. */
    public static function start(string $pool, string $nameSpace): void
    {
        // Encoded, so that no pool or name space contains the colon that ends it.
        self::$place = ':' . rawurlencode($pool) . ':' . rawurlencode($nameSpace) . ':';
    }

    /** Tell whether there is an APCu to use; it is off in the command line unless asked for. */
    public static function usable(): bool
    {
        return function_exists('apcu_enabled') && apcu_enabled();
    }

    /** Return the name in APCu. Locks and pages have kinds of their own: no key of a program can meet them. */
    public static function name(string $key, string $kind = 'eaccelerator'): string
    {
        return $kind . self::$place . $key;
    }

    /** @param mixed $value */
    public static function put(string $key, $value, int $ttl, string $kind = 'eaccelerator'): bool
    {
        // APCu adds the time to the ttl without a look at its size; 68 years are enough.
        return self::usable() && apcu_store(self::name($key, $kind), $value, min($ttl, 0x7fffffff));
    }

    /** @return mixed NULL where there is none; a stored false is false */
    public static function get(string $key, string $kind = 'eaccelerator')
    {
        if (!self::usable()) {
            return null;
        }
        $value = apcu_fetch(self::name($key, $kind), $found);
        return $found ? $value : null;
    }

    /** Remove a key; true also where there was none, as the extension answered. */
    public static function remove(string $key, string $kind = 'eaccelerator'): bool
    {
        if (!self::usable()) {
            return false;
        }
        apcu_delete(self::name($key, $kind));
        return true;
    }

    /** @return list<array{name: string, ttl: int, created: int, size: int}> */
    public static function keys(): array
    {
        if (!self::usable()) {
            return [];
        }
        $keys = [];
        $start = strlen(self::name('')) - 1; // with the colon, which programs expect and remove
        foreach (self::entries('eaccelerator', APC_ITER_TTL | APC_ITER_CTIME | APC_ITER_MEM_SIZE) as $name => $entry) {
            $created = self::time($entry['creation_time']);
            $keys[] = [
                'name' => substr($name, $start),
                'ttl' => $entry['ttl'] ? $created + $entry['ttl'] : 0, // when it expires; 0 is never
                'created' => $created,
                'size' => $entry['mem_size'],
            ];
        }
        return $keys;
    }

    /** Return how many keys there are. */
    public static function count(): int
    {
        return self::usable() ? self::entries('eaccelerator', APC_ITER_NONE)->getTotalCount() : 0;
    }

    /** Remove all keys and pages of this place, and leave the locks to their owners. */
    public static function clear(): void
    {
        if (self::usable()) {
            apcu_delete(self::entries('eaccelerator', APC_ITER_NONE));
            apcu_delete(self::entries(Pages::KIND, APC_ITER_NONE));
        }
    }

    private static function entries(string $kind, int $format): \APCUIterator
    {
        return new \APCUIterator('/^' . preg_quote(self::name('', $kind), '/') . '/', $format);
    }

    /** APCu 5.1.22 counts from the start of the machine unless apc.use_request_time is on; other releases from 1970. */
    private static function time(int $seconds): int
    {
        $uptime = hrtime()[0];
        return $seconds > $uptime ? $seconds : time() - $uptime + $seconds;
    }
}
