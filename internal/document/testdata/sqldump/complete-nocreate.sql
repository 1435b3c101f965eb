/*M!999999\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: shop
-- ------------------------------------------------------
-- Server version	10.11.19-MariaDB-0+deb12u1

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!40101 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;

--
-- Dumping data for table `bink`
--

LOCK TABLES `bink` WRITE;
/*!40000 ALTER TABLE `bink` DISABLE KEYS */;
INSERT INTO `bink` (`k`, `v`) VALUES ('\0ÿ\'','bin');
/*!40000 ALTER TABLE `bink` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Dumping data for table `clients`
--

LOCK TABLES `clients` WRITE;
/*!40000 ALTER TABLE `clients` DISABLE KEYS */;
INSERT INTO `clients` (`id`, `email`, `note`, `pic`, `flags`, `score`, `born`, `kind`) VALUES (1,'zoe@example.be','line\nbreak \'quoted\' \\ \"double\" 	 tab \0 nul \Z sub %_','BE68539007547034','',12.50,'1985-07-30','a'),
(2,NULL,'ZoÃ« MÃ¼ller â‚¬','\0ÿ\'\"\\\n\r\Z',NULL,-1.25,NULL,NULL),
(3,'empty@example.be','','','\0',0.00,'0000-00-00','b'),
(4,'x\'y@example.be','),(5,\'not a row\');','--','',1000.00,'1999-01-01','b');
/*!40000 ALTER TABLE `clients` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET @saved_cs_results     = @@character_set_results */ ;
/*!50003 SET @saved_col_connection = @@collation_connection */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET character_set_results = utf8mb4 */ ;
/*!50003 SET collation_connection  = utf8mb4_general_ci */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER tr BEFORE INSERT ON clients FOR EACH ROW BEGIN IF NEW.email = 'x' THEN
INSERT INTO nokey VALUES ('trig',1,'t'); END IF; END 
*/;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!50003 SET character_set_results = @saved_cs_results */ ;
/*!50003 SET collation_connection  = @saved_col_connection */ ;

--
-- Dumping data for table `gen`
--

LOCK TABLES `gen` WRITE;
/*!40000 ALTER TABLE `gen` DISABLE KEYS */;
INSERT INTO `gen` (`id`, `first`, `full_name`, `hid`) VALUES (1,'Ann','Ann X',7),
(2,'Bob','Bob X',7);
/*!40000 ALTER TABLE `gen` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Dumping data for table `lat`
--

LOCK TABLES `lat` WRITE;
/*!40000 ALTER TABLE `lat` DISABLE KEYS */;
INSERT INTO `lat` (`id`, `n`) VALUES (1,'JosÃ©'),
(2,'â‚¬uro');
/*!40000 ALTER TABLE `lat` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Dumping data for table `nokey`
--

LOCK TABLES `nokey` WRITE;
/*!40000 ALTER TABLE `nokey` DISABLE KEYS */;
INSERT INTO `nokey` (`a`, `b`, `we``ird (name)`) VALUES ('same',1.5,'x'),
('same',1.5,'x'),
(NULL,NULL,NULL);
/*!40000 ALTER TABLE `nokey` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Dumping data for table `uq`
--

LOCK TABLES `uq` WRITE;
/*!40000 ALTER TABLE `uq` DISABLE KEYS */;
INSERT INTO `uq` (`code`, `v`, `g`) VALUES ('AB/1?','{\"e\":\"j@example.be\",\"q\":\"it\'s \\\"x\\\"\"}','\0\0\0\0\0\0\0\0\0\0\0\0\0ð?\0\0\0\0\0\0\0@'),
('CD&=2',NULL,NULL);
/*!40000 ALTER TABLE `uq` ENABLE KEYS */;
UNLOCK TABLES;
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

-- Dump completed on 2026-11-22 19:10:46
