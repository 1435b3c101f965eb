-- phpMyAdmin SQL Dump
-- version 5.2.1
-- https://www.phpmyadmin.net/
--
-- Host: localhost:3306
-- Gegenereerd op: 22 nov 2026 om 10:00
-- Serverversie: 10.11.19-MariaDB
-- PHP-versie: 8.2.12

SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";
START TRANSACTION;
SET time_zone = "+00:00";


/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!40101 SET NAMES utf8mb4 */;

--
-- Database: `shop`
--

-- --------------------------------------------------------

--
-- Tabelstructuur voor tabel `bink`
--

CREATE TABLE `bink` (
  `k` binary(4) NOT NULL,
  `v` varchar(20) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

--
-- Gegevens worden geëxporteerd voor tabel `bink`
--

INSERT INTO `bink` (`k`, `v`) VALUES
(0x00ff2701, 'bin');

-- --------------------------------------------------------

--
-- Tabelstructuur voor tabel `clients`
--

CREATE TABLE `clients` (
  `id` int(10) UNSIGNED NOT NULL,
  `email` varchar(190) DEFAULT NULL,
  `note` text DEFAULT NULL COMMENT 'it''s; free (text), PRIMARY KEY (note)',
  `pic` blob DEFAULT NULL,
  `flags` bit(8) DEFAULT NULL,
  `score` decimal(10,2) DEFAULT NULL,
  `born` date DEFAULT NULL,
  `kind` enum('a','b') DEFAULT 'a'
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci COMMENT='a; comment';

--
-- Gegevens worden geëxporteerd voor tabel `clients`
--

INSERT INTO `clients` (`id`, `email`, `note`, `pic`, `flags`, `score`, `born`, `kind`) VALUES
(1, 'zoe@example.be', 'line\nbreak \'quoted\' \\ \"double\" 	 tab \0 nul \Z sub %_', 0x42453638353339303037353437303334, b'00000101', 12.50, '1985-07-30', 'a'),
(2, NULL, 'Zoë Müller €', 0x00ff27225c0a0d1a, NULL, -1.25, NULL, NULL),
(3, 'empty@example.be', '', '', b'00000000', 0.00, '0000-00-00', 'b'),
(4, 'x\'y@example.be', '),(5,\'not a row\');', 0x2d2d, b'00000001', 1000.00, '1999-01-01', 'b');

--
-- Triggers `clients`
--
DELIMITER $$
CREATE TRIGGER `tr` BEFORE INSERT ON `clients` FOR EACH ROW BEGIN IF NEW.email = 'x' THEN
INSERT INTO nokey VALUES ('trig',1,'t'); END IF; END
$$
DELIMITER ;

CREATE TABLE `gen` (
  `id` int(11) NOT NULL,
  `first` varchar(20) DEFAULT NULL,
  `full_name` varchar(60) DEFAULT NULL,
  `hid` int(11) DEFAULT 7
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT INTO `gen` (`id`, `first`, `full_name`, `hid`) VALUES
(1, 'Ann', 'Ann X', 7);
INSERT INTO `gen` (`id`, `first`, `full_name`, `hid`) VALUES
(2, 'Bob', 'Bob X', 7);

CREATE TABLE `lat` (
  `id` int(11) NOT NULL,
  `n` varchar(30) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

INSERT INTO `lat` (`id`, `n`) VALUES
(1, 'José'),
(2, '€uro');

INSERT INTO `nokey` (`a`, `b`, `we``ird (name)`) VALUES
('same', 1.5, 'x'),
('same', 1.5, 'x'),
(NULL, NULL, NULL);

INSERT INTO `uq` (`code`, `v`, `g`) VALUES
('AB/1?', '{\"e\":\"j@example.be\",\"q\":\"it\'s \\\"x\\\"\"}', 0x000000000101000000000000000000f03f0000000000000040),
('CD&=2', NULL, NULL);

--
-- Indexen voor geëxporteerde tabellen
--

ALTER TABLE `bink`
  ADD PRIMARY KEY (`k`);

ALTER TABLE `clients`
  ADD PRIMARY KEY (`id`),
  ADD UNIQUE KEY `email` (`email`),
  ADD KEY `k` (`kind`,`born`);

ALTER TABLE `clients`
  MODIFY `id` int(10) UNSIGNED NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=5;
COMMIT;

/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
