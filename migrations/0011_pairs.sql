-- A pair's other half is found by its sentence ("Belongs to IMG_1.JPG.") when it goes where its photo goes.
CREATE INDEX sightings_ignored ON sightings (inbox, message) WHERE state = 'ignored';
