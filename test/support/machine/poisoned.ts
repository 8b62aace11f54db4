/** Imported before what it is about: memory that is given back is poisoned, however the test is started. */
process.env['DICOM_POISON'] = '1';
